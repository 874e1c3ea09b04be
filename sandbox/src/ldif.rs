//! The names of the groups in an LDIF export (RFC 2849) of a directory.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Object classes that make an entry a group: those of RFC 4519, RFC 2307 and Active Directory.
const GROUP_CLASSES: [&str; 4] = ["groupOfNames", "groupOfUniqueNames", "posixGroup", "group"];

/// Attributes that can name a group, the best first; the last two are Active Directory's.
const NAME_ATTRIBUTES: [&str; 3] = ["cn", "sAMAccountName", "name"];

/// Why a text can't be read as LDIF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdifError {
    /// The line, counted from 1, on which the trouble begins.
    pub line: usize,
    problem: String,
}

impl fmt::Display for LdifError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for LdifError {}

/// The names of the groups in an LDIF text, in its order, repeated names included.
///
/// Entries are groups if they have one of the object classes `groupOfNames`, `groupOfUniqueNames`,
/// `posixGroup` and `group`; others are skipped. A group's name is its first `cn`, else its first
/// `sAMAccountName`, else its first `name`; attributes with options such as `cn;lang-de` don't
/// count. Base64 and URLs are looked at only where a value is needed, as exports are full of
/// binary attributes.
///
/// # Errors
///
/// When a line isn't LDIF, an entry describes a change other than `add`, a needed value stands in
/// another file or isn't base64 of UTF-8, or a group has no name.
pub fn parse(text: &str) -> Result<Vec<String>, LdifError> {
    let lines = unfold(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    let mut names = Vec::new();
    for record in lines.split(|line| line.text.is_empty()) {
        names.extend(group_name(record)?);
    }
    Ok(names)
}

/// A line with its continuations, and the number of its first line. Empty ones separate entries.
struct Line {
    number: usize,
    text: String,
}

impl Line {
    fn error(&self, problem: impl Into<String>) -> LdifError {
        LdifError { line: self.number, problem: problem.into() }
    }
}

/// Joins folded lines and leaves out comments.
fn unfold(text: &str) -> Result<Vec<Line>, LdifError> {
    let mut lines: Vec<Line> = Vec::new();
    for (at, text) in text.lines().enumerate() {
        let number = at + 1;
        match (text.strip_prefix(' '), lines.last_mut()) {
            (Some(more), Some(line)) if !line.text.is_empty() => line.text.push_str(more),
            (Some(_), _) => {
                let problem = "begins with a space but continues no line; remove the space";
                return Err(LdifError { line: number, problem: problem.to_owned() });
            }
            (None, _) => lines.push(Line { number, text: text.to_owned() }),
        }
    }
    lines.retain(|line| !line.text.starts_with('#'));
    Ok(lines)
}

/// The name of the group that a record describes; `None` if it isn't a group.
fn group_name(record: &[Line]) -> Result<Option<String>, LdifError> {
    let mut is_group = false;
    let mut names = [None; NAME_ATTRIBUTES.len()];
    for line in record {
        let Some((attribute, value)) = line.text.split_once(':') else {
            return Err(line.error("has no colon; write `attribute: value`"));
        };
        let is = |name: &&str| attribute.eq_ignore_ascii_case(name);
        if is(&"changetype") {
            let change = decode(line, value)?;
            if !change.eq_ignore_ascii_case("add") {
                let problem = "describes a change; export the entries themselves instead";
                return Err(line.error(format!("changetype {change} {problem}")));
            }
        } else if is(&"objectClass") {
            let class = decode(line, value)?;
            is_group |= GROUP_CLASSES.iter().any(|group| class.eq_ignore_ascii_case(group));
        } else if let Some(at) = NAME_ATTRIBUTES.iter().position(is) {
            names[at].get_or_insert((line, value));
        }
    }
    if !is_group {
        return Ok(None);
    }
    let name = names.into_iter().flatten().next().map(|(line, value)| decode(line, value));
    match name.transpose()? {
        Some(name) if !name.is_empty() => Ok(Some(name)),
        Some(_) | None => Err(record[0].error("this group has no name; give the entry a `cn`")),
    }
}

/// The value after an attribute's colon.
fn decode(line: &Line, value: &str) -> Result<String, LdifError> {
    if value.starts_with('<') {
        return Err(line.error("the value stands in another file; write it here instead"));
    }
    let Some(encoded) = value.strip_prefix(':') else {
        return Ok(value.trim_start_matches(' ').to_owned());
    };
    let bytes = STANDARD
        .decode(encoded.trim())
        .map_err(|error| line.error(format!("isn't base64 ({error}); export the entry again")))?;
    String::from_utf8(bytes)
        .map_err(|_| line.error("isn't UTF-8 under its base64; encode the name as UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> (usize, String) {
        let error = parse(text).unwrap_err();
        (error.line, error.to_string())
    }

    #[test]
    fn groups_of_every_class_are_found_in_order_and_other_entries_are_skipped() {
        let text = "version: 1\n\
            dn: cn=b,dc=example\nobjectClass: top\nobjectclass: GROUPOFNAMES\nCN: b\n\n\
            dn: uid=ada,dc=example\nobjectClass: inetOrgPerson\ncn: Ada\njpegPhoto:: /9j/\n\n\n\
            dn: cn=a,dc=example\ncn: a\nobjectClass: groupOfUniqueNames\n\n\
            dn: cn=a,ou=x,dc=example\nchangetype: add\nobjectClass: posixGroup\ncn: a\n\n\
            dn: CN=g,DC=example\nobjectClass: group\nname: n\nsAMAccountName: sam\nobjectSid:: AQUAAP8=\n\n\
            # search result\nsearch: 2\nresult: 0 Success\n";
        assert_eq!(parse(text).unwrap(), ["b", "a", "a", "sam"]);
    }

    #[test]
    fn values_are_unfolded_decoded_and_chosen() {
        let text = "dn: x\r\nobjectClass: group\r\ncn;lang-de: nein\r\n# cn: no,\r\n  not this\r\n\
            cn:  two  wo\r\n rds\r\ncn: second\r\nname: last\r\n\r\n\
            dn: y\r\nobjectClass:: Z3Jvd\r\n XA=\r\ncn:: IFZlcnRyaW\r\n ViIFPDvGQ=\r\n";
        assert_eq!(parse(text).unwrap(), ["two  words", " Vertrieb Süd"]);
    }

    #[test]
    fn errors_name_the_line_and_say_what_to_do() {
        let group = "dn: x\nobjectClass: group\n";
        assert_eq!(problem("\n continued\n").0, 2);
        assert_eq!(problem("dn: x\nnothing\n").0, 2);
        assert_eq!(problem("dn: x\nchangetype: modify\n").0, 2);
        assert_eq!(problem(&format!("{group}cn:: &&&\n")).0, 3);
        assert_eq!(problem(&format!("{group}cn:: /w==\n")).0, 3);
        assert_eq!(problem(&format!("{group}cn:< file:///etc/name\n")).0, 3);
        assert_eq!(
            problem(&format!("\n{group}\n")),
            (2, "line 2: this group has no name; give the entry a `cn`".to_owned())
        );
    }

    #[test]
    fn what_is_written_as_ldif_is_read_back() {
        let names =
            ["plain", " both ends ", "Zürich", "a\nb", "営業部", ": colon", &"x".repeat(300)];
        let entry = |name: &str| {
            let encoded = STANDARD.encode(name);
            let (first, rest) = encoded.split_at(4);
            format!("dn: x\nobjectClass: posixGroup\ncn:: {first}\n {rest}\n\n")
        };
        let text: String = names.iter().map(|name| entry(name)).collect();
        assert_eq!(parse(&text).unwrap(), names);
    }
}
