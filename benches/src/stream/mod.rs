//! Streaming of images into batches of 8: throughput and processor time of every way there is, the
//! latency of one image, and the memory of a consumer.
//!
//! A case is a way, a size and a number of producers; producers and consumer are processes of their
//! own, ours (`roles`) or Python scripts beside this folder. Every consumer counts its images and
//! looks at the last byte of each. What is measured begins with the second batch, so that neither
//! start-up nor imports count.

mod case;
mod latency;
mod link;
mod memcpy;
mod memory;
mod ours;
mod processes;
mod roles;
mod rows;
mod socket;
mod way;

pub(crate) use latency::rows as latency;
pub(crate) use memory::rows as memory;
pub(crate) use roles::{Consumer, Producer};
pub(crate) use rows::rows as throughput;
