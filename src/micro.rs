//! What `benches/micro` measures of the inside; with the feature `micro` alone.

pub use crate::discord::micro::{Card, Page, reads};
pub use crate::requests::micro::Requests;
