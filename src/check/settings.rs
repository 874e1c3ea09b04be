//! Looks at the settings themselves.

use super::finding::Finding;
use super::gateway::proxy;
use crate::config::Config;

/// Which proxy the settings name, and what looks like a setting and isn't.
pub(crate) fn settings(config: &Config) -> Vec<Finding> {
    let unknown = config.unknown.iter().map(|unknown| Finding::warn(unknown.to_string()));
    proxy(config).into_iter().chain(unknown).collect()
}
