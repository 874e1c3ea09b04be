//! The address of the Connect server, in every form in which people paste it.

use reqwest::Url;

/// Brings an address to the base of Connect's API: `https://host/sub-path/__api__/`.
///
/// People copy it from the browser (`…/connect/#/content`), from a script (`…/__api__`) or from a
/// colleague. The dashboard's `/connect` isn't part of the server's address.
///
/// # Errors
///
/// Says what is wrong with the address and what it should look like, without repeating it.
pub(crate) fn api_base(address: &str) -> Result<Url, &'static str> {
    let mut url = Url::parse(address.trim()).map_err(|_| {
        "isn't a web address; it should look like https://connect.example.com or \
         https://example.com/rsc"
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("must begin with https:// (or http://), as in https://connect.example.com");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password; the key belongs in CONNECT_API_KEY");
    }
    if url.query().is_some() {
        return Err("must not hold a question mark; give the address of the server alone");
    }
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let path = match path.strip_suffix("/__api__").or(path.strip_suffix("/__api__/v1")) {
        Some(server) => server,
        None => path.strip_suffix("/connect").unwrap_or(path),
    };
    let path = format!("{path}/__api__/");
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_people_paste_comes_to_the_same_base() {
        for form in [
            "https://h",
            "https://h/",
            " https://h/connect ",
            "https://h/connect/",
            "https://h/connect/#/content/listing",
            "https://h/__api__",
            "https://h/__api__/",
            "https://h/__api__/v1/",
        ] {
            assert_eq!(
                api_base(form).map(String::from),
                Ok("https://h/__api__/".to_owned()),
                "{form}"
            );
        }
    }

    #[test]
    fn a_sub_path_and_a_port_are_kept() {
        for (form, base) in [
            ("http://h:3939/rsc/", "http://h:3939/rsc/__api__/"),
            ("https://h/rsc/connect/", "https://h/rsc/__api__/"),
            ("https://h/a/b/__api__", "https://h/a/b/__api__/"),
            ("https://h/connect/__api__/", "https://h/connect/__api__/"),
            ("https://h/reconnect", "https://h/reconnect/__api__/"),
        ] {
            assert_eq!(api_base(form).map(String::from), Ok(base.to_owned()), "{form}");
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        for form in
            ["", "connect.example.com", "ftp://h", "https://u:secret@h", "https://h/?key=secret"]
        {
            let problem = api_base(form).expect_err(form);
            assert!(!problem.contains("secret"));
        }
    }
}
