//! What the bot remembers of a session while it is away.

use tokio_tungstenite::tungstenite::http::Uri;

/// After this many resumes that came to nothing, a session is given up.
const RESUMES: u8 = 3;

/// What Discord remembers of the bot while it is away, and sends after a resume.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) seq: u64,
    /// Where Discord wants it resumed. It soon cuts who does so elsewhere:
    /// <https://discord.com/developers/docs/events/gateway#preparing-to-resume>
    address: Option<String>,
    /// Resumes that were begun since the session was last in order.
    resumes: u8,
}

impl Session {
    /// A session that has just begun, with the address that Discord gave it.
    pub(super) fn new(id: String, address: Option<&str>, gateway: &str) -> Self {
        let address = address.filter(|address| is_as_safe(address, gateway)).map(str::to_owned);
        Self { id, seq: 0, address, resumes: 0 }
    }

    /// Begins a resume: where, if it is still worth one. Without an address of its own that is the
    /// gateway's.
    pub(super) fn resume(&mut self, gateway: &str) -> Option<String> {
        self.resumes += 1;
        let address = self.address.as_deref().unwrap_or(gateway);
        (self.resumes <= RESUMES).then(|| address.to_owned())
    }

    /// It is in order again.
    pub(super) fn settle(&mut self) {
        self.resumes = 0;
    }
}

/// Is it an address, and not one that sends the token in the clear where the gateway doesn't?
fn is_as_safe(address: &str, gateway: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    match uri.scheme_str() {
        Some("wss") => true,
        Some("ws") => gateway.starts_with("ws://"),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: &str = "wss://gateway.discord.gg";

    fn resumed_at(address: &str, gateway: &str) -> Option<String> {
        Session::new("7".to_owned(), Some(address), gateway).resume(gateway)
    }

    #[test]
    fn it_is_resumed_at_its_own_address_if_that_is_one() {
        let own = "wss://gateway-us-east1-b.discord.gg";
        assert_eq!(resumed_at(own, GATEWAY).as_deref(), Some(own));
        assert_eq!(
            resumed_at("ws://127.0.0.1:2", "ws://[::1]:1").as_deref(),
            Some("ws://127.0.0.1:2")
        );
        for other in ["", "not an address", "gateway.discord.gg", "https://discord.com", "wss://"] {
            assert_eq!(resumed_at(other, GATEWAY).as_deref(), Some(GATEWAY), "{other}");
        }
    }

    #[test]
    fn the_token_is_not_sent_in_the_clear_for_an_address_that_is() {
        assert_eq!(resumed_at("ws://gateway.discord.gg", GATEWAY).as_deref(), Some(GATEWAY));
    }

    #[test]
    fn it_is_given_up_after_three_resumes_that_came_to_nothing() {
        let mut session = Session::new("7".to_owned(), None, GATEWAY);
        let mut tries = || (0..4).map(|_| session.resume(GATEWAY).is_some()).collect::<Vec<_>>();
        assert_eq!(tries(), [true, true, true, false]);
        session.settle();
        assert!(session.resume(GATEWAY).is_some());
    }
}
