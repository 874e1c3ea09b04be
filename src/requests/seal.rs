//! Searches made unreadable for the database: only who has the API key of the same Connect server opens
//! them, and only as what they were sealed as.
//!
//! XChaCha20-Poly1305, since its nonces are long enough to be drawn by chance.

use std::time::{Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::Generate;
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};

use super::store::{KeptSearch, millis, time};
use crate::connect::Connect;
use crate::group::{GroupName, Guid, Prefix, RemoteGroup};
use crate::ids::Place;
use crate::tickets::Search;

/// What the key is for. Another number for whatever is sealed otherwise.
const PURPOSE: &str = "searches 1";

/// What the cipher adds, in bytes.
const TAG: usize = 16;

/// Seals searches and opens them.
pub(super) struct Seal(XChaCha20Poly1305);

/// What is sealed of a search.
#[derive(Serialize)]
struct Inside<'a> {
    prefix: &'a str,
    groups: Vec<Hit<'a>>,
}

#[derive(Serialize)]
struct Hit<'a> {
    name: &'a GroupName,
    guid: Option<&'a Guid>,
    temp_ticket: &'a str,
}

impl<'a> Hit<'a> {
    fn of(RemoteGroup { name, guid, temp_ticket }: &'a RemoteGroup) -> Self {
        Self { name, guid: guid.as_ref(), temp_ticket: temp_ticket.expose() }
    }
}

#[derive(Deserialize)]
struct Opened {
    prefix: String,
    groups: Vec<RemoteGroup>,
}

impl Seal {
    /// The one of this server and its API key.
    pub(super) fn of(connect: &Connect) -> Option<Self> {
        let key = connect.key_for(PURPOSE)?;
        XChaCha20Poly1305::new_from_slice(key.as_slice()).ok().map(Self)
    }

    /// Seals the latest search of `place`. None only if the system has no chance to draw from.
    pub(super) fn close(&self, place: Place, search: &Search) -> Option<KeptSearch> {
        let groups = search.groups.iter().map(Hit::of).collect();
        let inside = Inside { prefix: search.prefix.as_str(), groups };
        // It is sealed where it is written: as a rule there is room for it, and no copy stays.
        let mut text = Vec::with_capacity(search.bytes() as usize + TAG);
        serde_json::to_writer(&mut text, &inside).ok()?;
        let (nonce, taken_at) = (XNonce::try_generate().ok()?, millis(search.taken_at));
        self.0.encrypt_in_place(&nonce, &bound(place, taken_at), &mut text).ok()?;
        Some(KeptSearch {
            place,
            prefix: search.prefix.as_str().to_lowercase(),
            taken_at,
            nonce: BASE64.encode(nonce),
            sealed: BASE64.encode(text),
        })
    }

    /// What was sealed. None if it was with another key or for another channel or time, or if anything of
    /// it was changed since, or if it is from the future.
    pub(super) fn open(&self, kept: &KeptSearch, now: SystemTime) -> Option<Search> {
        let nonce = BASE64.decode(&kept.nonce).ok()?;
        let nonce = XNonce::try_from(nonce.as_slice()).ok()?;
        let mut text = Zeroizing::new(BASE64.decode(&kept.sealed).ok()?);
        self.0.decrypt_in_place(&nonce, &bound(kept.place, kept.taken_at), &mut *text).ok()?;
        let Opened { prefix, groups } = serde_json::from_slice(&text).ok()?;
        let taken_at = time(kept.taken_at);
        let taken = Instant::now().checked_sub(now.duration_since(taken_at).ok()?)?;
        let search = Search::of(Prefix::parse(&prefix).ok()?, groups.into(), (taken, taken_at));
        search.row.get_or_init(|| kept.nonce.clone());
        Some(search)
    }
}

/// Where and when a search was made: one that is put elsewhere can't be opened there.
fn bound(place: Place, taken_at: i64) -> [u8; 24] {
    let parts = [place.guild.0, place.channel.0, taken_at.cast_unsigned()];
    let mut bytes = [0; 24];
    for (bytes, part) in bytes.chunks_exact_mut(8).zip(parts) {
        bytes.copy_from_slice(&part.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use secrecy::SecretString;
    use serde_json::json;

    use super::*;
    use crate::connect::{Settings, api_base, http_client};
    use crate::ids::{ChannelId, GuildId};
    use crate::metrics::Metrics;
    use crate::proxy::Proxies;

    fn seal(server: &str, key: &str) -> Seal {
        let settings = Settings {
            api: api_base(server).unwrap(),
            key: SecretString::new(key.to_owned()),
            authorities: Vec::new(),
            timeout: Duration::from_secs(1),
            proxies: Proxies::default(),
        };
        let http = http_client(Vec::new(), &Proxies::default()).unwrap();
        Seal::of(&Connect::new(settings, &http, Arc::new(Metrics::new())).unwrap()).unwrap()
    }

    const SERVER: &str = "https://connect.example.com";

    const PLACE: Place = Place { guild: GuildId(1), channel: ChannelId(2) };

    fn search() -> Search {
        let groups = json!([
            { "name": "a \"b\"\u{202e}\0", "guid": null, "temp_ticket": "secret-1" },
            { "name": "Äccounting", "guid": "g-2", "temp_ticket": "secret-2" },
        ]);
        let groups: Vec<RemoteGroup> = serde_json::from_value(groups).unwrap();
        Search::new(Prefix::parse("Ä \0").unwrap(), groups.into())
    }

    fn all(search: &Search) -> Vec<(&str, Option<&str>, &str)> {
        let all = search.groups.iter().map(|hit| {
            (hit.name.as_str(), hit.guid.as_ref().map(Guid::as_str), hit.temp_ticket.expose())
        });
        all.collect()
    }

    #[test]
    fn what_is_sealed_is_opened_with_all_that_is_in_it_and_as_old_as_it_is() {
        let (seal, search) = (seal(SERVER, "key"), search());
        let kept = seal.close(PLACE, &search).unwrap();
        assert_eq!((kept.place, kept.prefix.as_str()), (PLACE, "ä \0"));
        let minute = Duration::from_mins(1);
        let opened = seal.open(&kept, time(kept.taken_at) + minute).unwrap();
        assert_eq!(all(&opened), all(&search));
        assert_eq!(opened.prefix, search.prefix);
        assert_eq!(millis(opened.taken_at), millis(search.taken_at));
        assert!(opened.taken.elapsed() >= minute);
        assert_eq!(opened.row.get(), Some(&kept.nonce));
    }

    #[test]
    fn only_the_key_of_the_same_server_opens_it_and_only_as_what_was_sealed() {
        let kept = seal(SERVER, "key").close(PLACE, &search()).unwrap();
        let opens = |seal: Seal, kept: &KeptSearch| seal.open(kept, SystemTime::now()).is_some();
        assert!(opens(seal(SERVER, "key"), &kept));
        assert!(opens(seal(&format!("{SERVER}/__api__/"), "key"), &kept), "it is the same");
        assert!(!opens(seal(SERVER, "key2"), &kept));
        assert!(!opens(seal("https://connect2.example.com", "key"), &kept));
        let [guild, channel] =
            [Place { guild: GuildId(3), ..PLACE }, Place { channel: ChannelId(3), ..PLACE }];
        for place in [guild, channel] {
            assert!(!opens(seal(SERVER, "key"), &KeptSearch { place, ..kept.clone() }));
        }
        let taken_at = kept.taken_at - 1;
        assert!(!opens(seal(SERVER, "key"), &KeptSearch { taken_at, ..kept }));
    }

    #[test]
    fn whatever_byte_of_it_is_another_it_is_not_opened() {
        let seal = seal(SERVER, "key");
        let kept = seal.close(PLACE, &search()).unwrap();
        let (nonce, sealed) =
            (BASE64.decode(&kept.nonce).unwrap(), BASE64.decode(&kept.sealed).unwrap());
        assert!(nonce.len() == 24 && sealed.len() > 100);
        for at in 0..nonce.len() + sealed.len() {
            let (mut nonce, mut sealed) = (nonce.clone(), sealed.clone());
            let byte = nonce.iter_mut().chain(&mut sealed).nth(at).unwrap();
            *byte ^= 1 << (at % 8);
            let (nonce, sealed) = (BASE64.encode(nonce), BASE64.encode(sealed));
            let changed = KeptSearch { nonce, sealed, ..kept.clone() };
            assert!(seal.open(&changed, SystemTime::now()).is_none(), "byte {at}");
        }
        for sealed in ["", "AAAA", "not base64", &kept.sealed[..kept.sealed.len() - 4]] {
            let sealed = sealed.to_owned();
            assert!(seal.open(&KeptSearch { sealed, ..kept.clone() }, SystemTime::now()).is_none());
        }
        let nonce = String::new();
        assert!(seal.open(&KeptSearch { nonce, ..kept }, SystemTime::now()).is_none());
    }

    #[test]
    fn each_sealing_is_another_and_shows_nothing_of_what_is_in_it() {
        let (seal, search) = (seal(SERVER, "key"), search());
        let [first, second] = [(); 2].map(|()| seal.close(PLACE, &search).unwrap());
        assert!(first.nonce != second.nonce && first.sealed != second.sealed);
        let sealed = BASE64.decode(&first.sealed).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn a_search_of_the_future_is_none() {
        let seal = seal(SERVER, "key");
        let kept = seal.close(PLACE, &search()).unwrap();
        let before = time(kept.taken_at) - Duration::from_millis(1);
        assert!(seal.open(&kept, before).is_none());
    }
}
