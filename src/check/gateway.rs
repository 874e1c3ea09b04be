//! Looks at the way to Discord's gateway: the proxy, the connection, the sessions that are left.

use super::finding::Finding;
use crate::config::Config;
use crate::discord_api::gateway::{DialError, probe};
use crate::discord_api::rest::{Gateway, Rest, SessionStartLimit};
use crate::proxy::Proxies;

/// One in so many of a day's sessions is few.
const FEW: u64 = 10;

/// Which proxy the settings name, and for what; nothing if they name none.
pub(super) fn proxy(config: &Config) -> Option<Finding> {
    if config.has_plain_proxy_only {
        return Some(Finding::warn(
            "HTTP_PROXY isn't used, since what goes by plain http holds the token or the key: if \
             there is no way out but through the proxy, set HTTPS_PROXY",
        ));
    }
    let proxies = &config.discord.proxies;
    let name = proxies.name()?;
    let goes = |address: &str| proxies.name_for(address).is_some();
    Some(Finding::ok(
        match (goes(config.discord.api.as_str()), goes(config.connect.api.as_str())) {
            (true, true) => format!("Discord and Connect are asked through the proxy {name}"),
            (true, false) => format!("Discord is asked through the proxy {name}, Connect directly"),
            (false, true) => format!("Connect is asked through the proxy {name}, Discord directly"),
            (false, false) => {
                format!("Discord and Connect are asked directly, not through the proxy {name}")
            }
        },
    ))
}

/// Looks at Discord's gateway, without beginning a session.
pub(super) async fn gateway(rest: &Rest, proxies: &Proxies) -> Vec<Finding> {
    let Gateway { url, session_start_limit } = match rest.get_gateway_bot().await {
        Ok(gateway) => gateway,
        Err(error) => {
            return vec![Finding::fail(format!(
                "Discord doesn't say where its gateway is ({error}): try again later"
            ))];
        }
    };
    // As the rules for proxies have it, by the scheme that they know.
    let proxy = proxies.name_for(&url.replacen("wss://", "https://", 1));
    let answer = match (probe(&url, proxies).await, proxy) {
        (Ok(()), None) => Finding::ok("Discord's gateway answers"),
        (Ok(()), Some(proxy)) => {
            Finding::ok(format!("Discord's gateway answers through the proxy {proxy}"))
        }
        (Err(error), proxy) => unanswered(&url, &error, proxy),
    };
    [Some(answer), session_start_limit.as_ref().and_then(sessions)].into_iter().flatten().collect()
}

fn unanswered(url: &str, error: &DialError, proxy: Option<&str>) -> Finding {
    let host = url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/');
    let hint = match (error, proxy) {
        (DialError::Address, _) => "check DISCORD_API_URL".to_owned(),
        (_, Some(proxy)) => format!(
            "the proxy {proxy} must let a lasting connection to {host} through, and takes a user \
             and a password from HTTPS_PROXY"
        ),
        (_, None) => format!(
            "the firewall must let wss to {host} through; if there is no way out but through a \
             proxy, set HTTPS_PROXY"
        ),
    };
    Finding::fail(format!("{error}: {hint}"))
}

fn sessions(limit: &SessionStartLimit) -> Option<Finding> {
    let SessionStartLimit { total, remaining, .. } = limit;
    (*remaining <= total / FEW).then(|| {
        Finding::warn(format!(
            "of the {total} sessions that Discord allows a day {remaining} are left: find out what \
             ends the bot or its connection again and again"
        ))
    })
}
