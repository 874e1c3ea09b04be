//! The way out of a network that lets nothing out but through a proxy.
//!
//! One reading of the variables serves the HTTP client and the gateway's WebSocket. What isn't
//! encrypted never goes through a proxy, since it holds the token or the key; nor does what stays on
//! this machine.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::{NoProxy, Url};
use tokio_tungstenite::tungstenite::http::Uri;

/// Hosts that need no proxy, in the form of `NO_PROXY`.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// Any address that a proxy is for.
const ELSEWHERE: &str = "https://discord.com";

/// Which connections go through which proxy. Prints no user and no password.
#[derive(Clone, Default)]
pub struct Proxies(Option<Arc<Proxy>>);

struct Proxy {
    matcher: Matcher,
    /// The same for reqwest, which builds its own matcher of the same parts.
    client: reqwest::Proxy,
    name: String,
}

impl Proxies {
    /// One proxy for everything that is encrypted, but for the hosts in `no_proxy`:
    /// [`Matcher`] has the form of both.
    ///
    /// # Errors
    ///
    /// Says what the address should look like, without repeating it.
    pub fn new(address: &str, no_proxy: &str) -> Result<Self, &'static str> {
        const PROBLEM: &str = "must be the address of an HTTP proxy, as in \
                               http://proxy.example.com:3128 or http://user:password@…, with what \
                               isn't a letter or a digit in these written as %40; SOCKS can't be \
                               used";
        let address =
            if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let proxy = || {
            let no_proxy = format!("{no_proxy},{THIS_MACHINE}");
            // It reads the address as a URI, reqwest as a URL: both must.
            let url = Url::parse(&address).ok()?;
            let matcher = |no: &str| Matcher::builder().https(url.as_str()).no(no).build();
            let name = name(&matcher("").intercept(&Uri::from_static(ELSEWHERE))?)?;
            let client = reqwest::Proxy::https(url.clone()).ok()?;
            let client = client.no_proxy(NoProxy::from_string(&no_proxy));
            Some(Proxy { matcher: matcher(&no_proxy), client, name })
        };
        proxy().map(|proxy| Self(Some(Arc::new(proxy)))).ok_or(PROBLEM)
    }

    /// Host and port of the proxy, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.0.as_ref().map(|proxy| proxy.name.as_str())
    }

    /// Host and port of the proxy through which this address is reached, if it is.
    pub fn name_for(&self, address: &str) -> Option<&str> {
        let uri: Uri = address.parse().ok()?;
        self.intercept(&uri).and_then(|_| self.name())
    }

    /// The proxy for this address, `https://…`, if it is reached through one.
    pub(crate) fn intercept(&self, address: &Uri) -> Option<Intercept> {
        self.0.as_ref()?.matcher.intercept(address)
    }

    pub(crate) fn for_client(&self) -> Option<reqwest::Proxy> {
        self.0.as_ref().map(|proxy| proxy.client.clone())
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxies").field(&self.name()).finish()
    }
}

/// Host and port of a proxy that is spoken to by HTTP.
fn name(proxy: &Intercept) -> Option<String> {
    let uri = proxy.uri();
    let usual = match uri.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        Some(_) | None => return None,
    };
    let host = uri.host().filter(|host| !host.is_empty())?;
    Some(format!("{host}:{}", uri.port_u16().unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_for(proxy: &str, no_proxy: &str, address: &str) -> Option<String> {
        let proxies = Proxies::new(proxy, no_proxy).unwrap();
        proxies.name_for(address).map(str::to_owned)
    }

    #[test]
    fn a_proxy_is_named_without_user_and_password() {
        for (proxy, name) in [
            ("http://p:3128", "p:3128"),
            ("p:3128/", "p:3128"),
            ("p", "p:80"),
            ("https://p", "p:443"),
            ("http://bot:hush%40word@p:3128", "p:3128"),
            ("bot:hush@p:3128", "p:3128"),
            ("http://[fd00::1]:3128", "[fd00::1]:3128"),
        ] {
            assert_eq!(name_for(proxy, "", "https://discord.com").as_deref(), Some(name));
        }
        let proxies = Proxies::new("http://bot:hush@p:3128", "").unwrap();
        assert_eq!(format!("{proxies:?}"), r#"Proxies(Some("p:3128"))"#);
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_without_being_repeated() {
        for proxy in ["socks5://hush:1", "socks5h://hush", "ftp://hush", "http://", "hush:x", ":1"]
        {
            let problem = Proxies::new(proxy, "").expect_err(proxy);
            assert!(!problem.contains("hush"));
        }
    }

    #[test]
    fn only_what_is_encrypted_and_leaves_this_machine_goes_through_it() {
        let is_proxied = |no: &str, address: &str| name_for("p:3128", no, address).is_some();
        for address in
            ["https://connect.example.com/rsc/", "https://10.0.0.7:3939", "https://[fd00::7]"]
        {
            assert!(is_proxied("", address), "{address}");
        }
        for address in [
            "http://connect.example.com",
            "https://localhost:3939",
            "https://connect.localhost",
            "https://127.0.0.1",
            "https://127.8.0.1:1",
            "https://[::1]:1",
        ] {
            assert!(!is_proxied("", address), "{address}");
        }
    }

    #[test]
    fn no_proxy_names_hosts_domains_and_networks() {
        let is_proxied =
            |host: &str, no: &str| name_for("p:1", no, &format!("https://{host}")).is_some();
        let no = " example.com, .example.org,10.0.0.0/8,fd00::/8";
        for host in ["example.com", "c.EXAMPLE.com", "c.example.org", "10.1.2.3", "[fd00::7]"] {
            assert!(!is_proxied(host, no), "{host}");
        }
        for host in ["notexample.com", "discord.com", "11.1.2.3", "[fe00::7]"] {
            assert!(is_proxied(host, no), "{host}");
        }
        assert!(!is_proxied("discord.com", "*"));
    }
}
