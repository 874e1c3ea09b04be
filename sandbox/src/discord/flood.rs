//! Answers that are longer than any of Discord's.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use futures_util::stream;

use super::{Discord, Shared};

/// How many bytes are handed out at a time.
const PIECE: usize = 1 << 16;

/// What is left of a body, and how much of it was taken.
struct Flood {
    shared: Arc<Shared>,
    left: Option<u64>,
    taken: u64,
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.shared.lock().floods.push(self.taken);
        self.shared.touch();
    }
}

/// An answer of so many bytes, or without an end.
pub(super) fn answer(shared: &Arc<Shared>, status: u16, length: Option<u64>) -> Response {
    let flood = Flood { shared: Arc::clone(shared), left: length, taken: 0 };
    let pieces = stream::unfold(flood, |mut flood| async move {
        let size =
            flood.left.map_or(PIECE, |left| PIECE.min(usize::try_from(left).unwrap_or(PIECE)));
        if size == 0 {
            return None;
        }
        let mut piece = vec![b' '; size];
        if flood.taken == 0 {
            piece[0] = b'{';
        }
        flood.taken += size as u64;
        flood.left = flood.left.map(|left| left - size as u64);
        Some((Ok::<_, Infallible>(Bytes::from(piece)), flood))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.extend(length.map(|length| (header::CONTENT_LENGTH, length.into())));
    response
}

impl Discord {
    /// Waits until so many answers of [`Fault::Flood`](super::Fault::Flood) are over, and says how many
    /// bytes of each were handed out by then.
    ///
    /// # Panics
    ///
    /// If they aren't within [`Options::patience`](super::Options::patience).
    pub async fn wait_for_floods(&self, count: usize) -> Vec<u64> {
        let shared = self.shared();
        let over = |floods: &Vec<u64>| (floods.len() >= count).then(|| floods.clone());
        let floods = shared.wait(shared.patience(), |state| over(&state.floods)).await;
        floods.unwrap_or_else(|| panic!("{count} long answers are not over"))
    }
}
