//! How frames go over the wire: as text, or compressed.
//! <https://discord.com/developers/docs/events/gateway#encoding-and-compression>

use std::{
    io::{self, Write},
    mem,
};

use flate2::{Compression, write::ZlibEncoder};
use tokio_tungstenite::tungstenite::Message;

use super::close;

/// From this size on, in bytes, a frame is compressed for a session that wants its large ones so.
/// Discord doesn't say where it draws the line.
const LARGE: usize = 1024;

/// What all frames of a connection go through.
pub(super) enum Transport {
    /// As they are.
    Plain,
    /// One zlib stream, flushed after each frame.
    Zlib(ZlibEncoder<Vec<u8>>),
    /// One zstd stream, flushed after each frame.
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

/// A transport, and what Discord lets pass though it should never be asked for so.
type Asked = (Transport, Option<&'static str>);

impl Transport {
    /// What the query of a gateway's address asks for, or the code with which Discord refuses it,
    /// and why.
    pub(super) fn asked_for(query: &str) -> Result<Asked, (u16, &'static str)> {
        let find = |wanted: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(name, value)| (name == wanted).then_some(value))
        };
        let careless = match find("v") {
            Some("10") => None,
            None => Some("the address doesn't say which version it wants"),
            Some(_) => return Err((close::INVALID_VERSION, "the version isn't 10")),
        };
        if !matches!(find("encoding"), None | Some("json")) {
            return Err((close::DECODE, "the stand-in speaks no other encoding than json"));
        }
        let transport = match find("compress") {
            None => Self::Plain,
            Some("zlib-stream") => Self::Zlib(ZlibEncoder::new(Vec::new(), Compression::fast())),
            Some("zstd-stream") => zstd::Encoder::new(Vec::new(), 1)
                .map(Self::Zstd)
                .map_err(|_| (close::DECODE, "zstd can't be set up"))?,
            Some(_) => return Err((close::DECODE, "there is no such compression")),
        };
        Ok((transport, careless))
    }

    /// A frame as it is sent. If there is no compression of the connection, `compress` asks for one
    /// of this frame, if it is large.
    pub(super) fn pack(&mut self, frame: String, compress: bool) -> io::Result<Message> {
        let packed = match self {
            Self::Plain if compress && frame.len() >= LARGE => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(frame.as_bytes())?;
                encoder.finish()?
            }
            Self::Plain => return Ok(Message::Text(frame)),
            Self::Zlib(encoder) => {
                encoder.write_all(frame.as_bytes())?;
                encoder.flush()?;
                mem::take(encoder.get_mut())
            }
            Self::Zstd(encoder) => {
                encoder.write_all(frame.as_bytes())?;
                encoder.flush()?;
                mem::take(encoder.get_mut())
            }
        };
        Ok(Message::Binary(packed))
    }
}
