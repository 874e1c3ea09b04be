//! Keys of the bot's own, made of the API key.

use hkdf::Hkdf;
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use super::Connect;

/// No other program makes the same keys of the same API key.
const SALT: &[u8] = b"ldapgroup-bot";

impl Connect {
    /// A key for one `purpose`, by HKDF with SHA-256 (RFC 5869): whoever has this server's address and
    /// this API key has it, and nobody else, since an API key is 32 random letters and digits. None if
    /// the API key is none that can be sent.
    pub(crate) fn key_for(&self, purpose: &str) -> Option<Zeroizing<[u8; 32]>> {
        let api_key = self.inner.key.as_bytes().strip_prefix(b"Key ")?;
        let info = [purpose.as_bytes(), b"\0", self.inner.api.as_str().as_bytes()];
        let mut key = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::new(Some(SALT), api_key);
        // It fails for more than 8160 bytes.
        hkdf.expand_multi_info(&info, key.as_mut_slice()).ok()?;
        Some(key)
    }
}
