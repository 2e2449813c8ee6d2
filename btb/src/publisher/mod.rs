//! The publisher: gives messages their identity and sends them.

mod closing;
mod draft;
mod error;
mod stats;

use crate::instance::Told;
use blendtorch_transport::{Outgoing, Sender, SenderOptions};
use blendtorch_wire::{Bytes, DType, End, Fields, Header, Kind, Message, Tensor};
pub use draft::{Draft, TensorMut};
pub use error::{PublishError, TensorError};
pub use stats::{PublisherStats, StatsHandle};
use std::time::{Duration, Instant, SystemTime};

/// How long one wait for room lasts before the caller is asked whether to go on.
const SLICE: Duration = Duration::from_millis(100);

/// The variable that a launcher sets for its instances.
const LAUNCHED: &str = "BLENDTORCH_LAUNCHED";

/// How a [`Publisher`] names itself and queues.
#[derive(Clone, Debug)]
pub struct PublisherOptions {
    /// The instance's number, as `-btid` gave it.
    pub btid: Option<i64>,
    /// Messages queued for each consumer before [`Publisher::publish`] blocks; 10.
    pub send_hwm: u32,
    /// How long [`Publisher::close`], also when dropped, lets connected consumers take what is
    /// queued: at most so long, or by default as long as they take something at least every
    /// [`patience`](Self::patience).
    pub linger: Option<Duration>,
    /// How long a consumer may take nothing, when closing, before what is queued is given up; 10 s.
    pub patience: Duration,
    /// Bytes of shared memory for large tensors; 256 MiB. 0 sends everything inline.
    pub shm_bytes: usize,
}

impl Default for PublisherOptions {
    fn default() -> Self {
        let SenderOptions {
            high_water_mark,
            shm_bytes,
        } = SenderOptions::default();
        Self {
            btid: None,
            send_hwm: high_water_mark,
            linger: None,
            patience: Duration::from_secs(10),
            shm_bytes,
        }
    }
}

/// Publishes samples at one address, to whoever connects; each sample goes to one consumer.
///
/// ```no_run
/// use btb::{Publisher, PublisherOptions};
/// use blendtorch_wire::Fields;
///
/// let mut publisher = Publisher::bind("tcp://127.0.0.1:11000", PublisherOptions::default())?;
/// let image = publisher.tensor_from(&[480, 640, 4], &vec![0u8; 480 * 640 * 4])?;
/// publisher.publish(Fields::from_iter([("image".to_owned(), image.into())]))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Publisher {
    sender: Sender,
    id: u64,
    options: PublisherOptions,
    sequence: u64,
    place: (Option<u64>, Option<u64>),
    stats: StatsHandle,
    /// Where the instance's launcher sees it.
    told: Told,
    /// How it will have come to its end, where that is known before it closes.
    end: Option<End>,
    /// What a close has given up, until it is said.
    loss: Option<String>,
}

impl Publisher {
    /// Binds `address` (`tcp://host:port` or `ipc://path`).
    ///
    /// # Errors
    /// [`PublishError::Address`], or [`PublishError::Transport`] when it is in use or not ours.
    pub fn bind(address: &str, options: PublisherOptions) -> Result<Self, PublishError> {
        let sender = Sender::bind(
            &address.parse()?,
            &SenderOptions {
                high_water_mark: options.send_hwm,
                shm_bytes: options.shm_bytes,
            },
        )?;
        let id = getrandom::u64().map_err(|error| PublishError::Random(error.to_string()))?;
        let told = Told::of(id, &sender.address().to_string());
        Ok(Self {
            sender,
            id,
            told,
            options,
            sequence: 0,
            place: (None, None),
            stats: StatsHandle::default(),
            end: None,
            loss: None,
        })
    }

    /// The bound address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> String {
        self.sender.address().to_string()
    }

    /// A line for the user when others than this machine can reach the address: show it once. `None`
    /// where they cannot, and in an instance of a launcher, which has said it for all of them.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let address = self.sender.address();
        let told = std::env::var_os(LAUNCHED).is_some();
        (!address.is_local() && !told).then(|| {
            format!(
                "the publisher is bound to {address}: whoever reaches this port can read the stream; \
                 use 127.0.0.1 or ipc where that is not wanted"
            )
        })
    }

    /// Random 64 bits that name this publisher's life.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What has been sent so far.
    #[must_use]
    pub fn stats(&self) -> PublisherStats {
        self.stats.get()
    }

    /// Reads the counters from elsewhere: another thread may be publishing, or waiting to.
    #[must_use]
    pub fn stats_handle(&self) -> StatsHandle {
        self.stats.clone()
    }

    /// Says which episode, and which sample of it, the next messages belong to.
    pub fn set_place(&mut self, episode: Option<u64>, sample: Option<u64>) {
        self.place = (episode, sample);
    }

    /// Why tensors are not in shared memory that should be, once: show it to the user.
    /// [`PublisherStats::heap`] counts them. `None` where there is nothing new to say, and where the
    /// address has no shared memory.
    #[must_use]
    pub fn memory_warning(&self) -> Option<String> {
        let shortage = self.sender.shortage()?;
        Some(format!(
            "large tensors are copied once more than they need be: {shortage}"
        ))
    }

    /// A sample whose tensors are written where a consumer on this host reads them. Several may be
    /// begun at a time.
    ///
    /// ```no_run
    /// # use btb::{Publisher, PublisherOptions};
    /// # use blendtorch_wire::DType;
    /// # let mut publisher = Publisher::bind("tcp://127.0.0.1:11000", PublisherOptions::default())?;
    /// let mut draft = publisher.begin()?;
    /// draft.tensor("image", DType::U8, &[480, 640, 4])?.bytes_mut().fill(127);
    /// draft.set("frameid", 3);
    /// publisher.publish_draft(draft)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`PublishError::Transport`] after a close or in a forked child.
    pub fn begin(&self) -> Result<Draft, PublishError> {
        Ok(Draft::new(self.sender.frames()?))
    }

    /// A tensor that is written in place, as those of a [`Draft`] are, and published as a field of
    /// any sample after [`TensorMut::freeze`].
    ///
    /// # Errors
    /// A shape beyond the address space or what a message may hold, no memory, or a closed
    /// publisher.
    pub fn tensor_mut(&self, dtype: DType, shape: &[usize]) -> Result<TensorMut, TensorError> {
        TensorMut::new(&self.sender.frames()?, dtype, shape)
    }

    /// Publishes a draft, as [`publish`](Self::publish) does fields.
    ///
    /// # Errors
    /// As `publish`.
    pub fn publish_draft(&mut self, draft: Draft) -> Result<(), PublishError> {
        match draft.into_fields() {
            Ok(fields) => self.publish(fields),
            Err(TensorError::Transport(error)) => Err(error.into()),
            Err(error) => Err(PublishError::Tensor(error)),
        }
    }

    /// A tensor whose `bytes` (C order, little-endian) `fill` writes, all of them. A large one
    /// lies in memory that a consumer on this host reads directly.
    ///
    /// # Errors
    /// A shape beyond the address space or what a message may hold, no memory, or a closed
    /// publisher.
    pub fn tensor(
        &self,
        dtype: DType,
        shape: &[usize],
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<Tensor, TensorError> {
        let bytes = self.sender.frame(draft::frame_len(dtype, shape)?, fill)?;
        self.note_frames();
        Ok(Tensor::new(dtype, shape, bytes)?)
    }

    /// A tensor with a copy of `elements`, in C order.
    ///
    /// # Errors
    /// A shape that does not fit the elements, or a closed publisher.
    pub fn tensor_from<T: blendtorch_wire::Element>(
        &self,
        shape: &[usize],
        elements: &[T],
    ) -> Result<Tensor, TensorError> {
        let source: &[u8] = bytemuck::cast_slice(elements);
        let len = blendtorch_wire::byte_len(T::DTYPE, shape)?;
        if len != source.len() {
            // The constructor has the words for it.
            Tensor::new(T::DTYPE, shape, Bytes::copy_from_slice(source))?;
        }
        self.tensor(T::DTYPE, shape, |bytes| bytes.copy_from_slice(source))
    }

    /// Publishes one sample. Blocks while the queues are full or nobody is connected.
    ///
    /// # Errors
    /// [`PublishError::Encode`] for fields that no reader would take, [`PublishError::Transport`]
    /// after a close or in a forked child. Nothing was sent, and no sequence number is used up.
    pub fn publish(&mut self, fields: Fields) -> Result<(), PublishError> {
        self.publish_while(fields, || Ok(()))
    }

    /// As [`publish`](Self::publish), asking `go_on` every 100 ms of waiting.
    ///
    /// # Errors
    /// As `publish`; [`PublishError::Interrupted`] with what `go_on` returned.
    pub fn publish_while<E>(
        &mut self,
        fields: Fields,
        go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<(), PublishError<E>> {
        self.publish_as(fields, Sender::counted, go_on)
    }

    /// Publishes a sample whose tensors are only lent: when this returns, nobody holds their memory
    /// any more, and it may be written again. What goes out at once, over a network to a consumer
    /// that keeps up, is not copied; what has to wait is, and all where
    /// [nothing is saved so](Self::saves_by_lending).
    ///
    /// ```no_run
    /// # use btb::{Publisher, PublisherOptions};
    /// # use blendtorch_wire::{Bytes, DType, Fields, Tensor};
    /// let mut publisher = Publisher::bind("tcp://0.0.0.0:11000", PublisherOptions::default())?;
    /// let mut image = vec![0u8; 480 * 640 * 4];
    /// loop {
    ///     image.fill(127);
    ///     let lent = Bytes::from(image);
    ///     let tensor = Tensor::new(DType::U8, &[480, 640, 4], lent.clone())?;
    ///     publisher.publish_lent(Fields::from_iter([("image".to_owned(), tensor.into())]))?;
    ///     image = lent.into(); // without a copy: it is the only one
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`publish`](Self::publish); also where there is no memory for what has to wait.
    pub fn publish_lent(&mut self, fields: Fields) -> Result<(), PublishError> {
        self.publish_lent_while(fields, || Ok(()))
    }

    /// As [`publish_lent`](Self::publish_lent), asking `go_on` every 100 ms of waiting: by then all
    /// is copied.
    ///
    /// # Errors
    /// As `publish_lent`; [`PublishError::Interrupted`] with what `go_on` returned.
    pub fn publish_lent_while<E>(
        &mut self,
        fields: Fields,
        go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<(), PublishError<E>> {
        self.publish_as(fields, Sender::lent, go_on)
    }

    /// Whether lending saves a copy: over tcp, but not where consumers on this host read from shared
    /// memory, into which [`tensor`](Self::tensor) writes at once.
    #[must_use]
    pub fn saves_by_lending(&self) -> bool {
        self.sender.saves_by_lending()
    }

    fn publish_as<E>(
        &mut self,
        fields: Fields,
        message_of: fn(&Sender, Vec<Bytes>) -> Result<Outgoing, blendtorch_transport::Error>,
        mut go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<(), PublishError<E>> {
        let start = Instant::now();
        let (episode, sample) = self.place;
        let message = Message {
            header: Header {
                kind: Kind::Data,
                publisher: self.id,
                btid: self.options.btid,
                sequence: self.sequence,
                episode,
                sample,
                time_ns: now_ns(),
                end: None,
            },
            fields,
        };
        let outgoing = message_of(&self.sender, message.encode()?)?;
        let bytes = outgoing.byte_len() as u64;
        self.told.offers(self.sequence);
        if let Err(error) = self.send_while(outgoing, &mut go_on) {
            self.told.takes_back(self.sequence);
            return Err(error);
        }
        self.told.published(self.sequence, bytes, start.elapsed());
        self.sequence += 1;
        self.note_frames();
        let mut stats = self.stats.lock();
        stats.messages += 1;
        stats.bytes += bytes;
        Ok(())
    }

    /// Sends, and says so where that has to wait.
    fn send_while<E>(
        &self,
        mut outgoing: Outgoing,
        go_on: &mut impl FnMut() -> Result<(), E>,
    ) -> Result<(), PublishError<E>> {
        if self.try_send(&outgoing, Duration::ZERO)? {
            return Ok(());
        }
        self.told.waits();
        let sent = loop {
            let sent = self.try_send(&outgoing, SLICE);
            match sent {
                Ok(true) => break Ok(()),
                Ok(false) => {}
                Err(error) => break Err(error.into()),
            }
            // What the caller does now may be with what it has lent.
            outgoing = match outgoing.keep() {
                Ok(kept) => kept,
                Err(error) => break Err(error.into()),
            };
            if let Err(error) = go_on() {
                break Err(PublishError::Interrupted(error));
            }
        };
        self.told.goes_on();
        sent
    }

    fn note_frames(&self) {
        let counts = self.sender.frame_counts();
        let mut stats = self.stats.lock();
        (stats.shared, stats.heap) = (counts.shared, counts.heap);
        stats.waited = counts.waited;
    }

    /// Waits so long for room; whether the message was sent.
    fn try_send(
        &self,
        message: &Outgoing,
        slice: Duration,
    ) -> Result<bool, blendtorch_transport::Error> {
        let start = Instant::now();
        let sent = self.sender.send_timeout(message, slice);
        self.stats.lock().blocked += start.elapsed();
        sent
    }
}

fn now_ns() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_can_reach_is_warned_of() {
        let warning = |address: &str| {
            let publisher = Publisher::bind(address, PublisherOptions::default());
            publisher.unwrap().warning()
        };
        assert_eq!(warning("tcp://127.0.0.1:0"), None);
        let said = warning("tcp://0.0.0.0:0").unwrap();
        assert!(
            said.contains("bound to tcp://0.0.0.0:") && said.contains("can read the stream"),
            "{said}"
        );
    }
}
