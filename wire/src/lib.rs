//! What travels in a blendtorch stream: messages, tensors and their codec.
