//! Who has sent an interaction over HTTP: Discord signs each.
//! <https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers>

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serenity::interactions_endpoint::Verifier;

/// A signature counts for so long, since whoever has seen it could send it again; and this clock may
/// be behind as much.
pub(crate) const FRESH_FOR: Duration = Duration::from_mins(5);

/// The key that an application's signatures are verified with: Ed25519's.
#[derive(Clone)]
pub struct PublicKey {
    bytes: [u8; 32],
    verifier: Verifier,
}

/// It isn't 64 hexadecimal digits, or no point of the curve.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAKey;

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            let digits = text.get(at..at + 2).filter(|_| is_hex).ok_or(NotAKey)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAKey)?;
        }
        let verifier = Verifier::try_new(bytes).map_err(|_| NotAKey)?;
        Ok(Self { bytes, verifier })
    }
}

impl PublicKey {
    /// Whether this `body` was signed at this `timestamp`, in seconds since 1970, and lately.
    pub(crate) fn verifies(
        &self,
        (signature, timestamp): (&str, &str),
        body: &[u8],
        now: SystemTime,
    ) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let is_fresh =
            timestamp.parse().is_ok_and(|at: u64| now.abs_diff(at) <= FRESH_FOR.as_secs());
        // The cheap question first: whoever forges may do so often.
        is_fresh && self.verifier.verify(signature, timestamp, body).is_ok()
    }
}

/// As Discord writes it.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        fmt::Display::fmt(self, f)?;
        f.write_char(')')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test 3 of RFC 8032, section 7.1, whose message ends with a byte that isn't text.
    const KEY: &str = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";

    #[test]
    fn a_key_is_64_hexadecimal_digits_of_a_point_of_the_curve() {
        let key: PublicKey = KEY.to_uppercase().parse().unwrap();
        assert_eq!(key.to_string(), KEY);
        assert_eq!(format!("{key:?}"), format!("PublicKey({KEY})"));
        let no_point = "02".to_owned() + &"00".repeat(31);
        let no_ascii = "é".repeat(32);
        for wrong in
            ["", &KEY[1..], &format!("{KEY}0"), &KEY.replace('f', "g"), &no_point, &no_ascii]
        {
            assert_eq!(wrong.parse::<PublicKey>().map(|_| ()), Err(NotAKey), "{wrong}");
        }
    }

    #[test]
    fn nothing_but_a_signature_in_hex_of_a_timestamp_in_seconds_is_taken() {
        let (key, now): (PublicKey, _) = (KEY.parse().unwrap(), SystemTime::now());
        let at = now.duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
        for signature in ["", "00", &"0".repeat(128), &"é".repeat(64), &"-1".repeat(64)] {
            for timestamp in ["", "now", "-1", &at, &format!("{at}.5"), "99999999999999999999999"] {
                assert!(
                    !key.verifies((signature, timestamp), b"{}", now),
                    "{signature} {timestamp}"
                );
            }
        }
    }
}
