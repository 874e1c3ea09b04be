//! A private certificate authority, and a certificate of it for loopback, made at run time.

use std::io;

use native_tls::Identity;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509, X509Builder, X509Name};
use tokio_native_tls::TlsAcceptor;

/// What a server on loopback needs to speak TLS, all of it PEM.
struct Certificate {
    /// The authority that a client must trust.
    ca: String,
    /// The server's certificate.
    chain: Vec<u8>,
    /// The server's private key in PKCS #8.
    key: Vec<u8>,
}

/// A TLS acceptor for `127.0.0.1`, `localhost` and these names, and the PEM of the authority that its
/// certificate is from: one of this name, or clients that trust several mistake it for another.
pub(crate) fn acceptor(authority: &str, names: &[&str]) -> io::Result<(TlsAcceptor, String)> {
    let made = issue(authority, names)?;
    let identity = Identity::from_pkcs8(&made.chain, &made.key).map_err(io::Error::other)?;
    let acceptor = native_tls::TlsAcceptor::new(identity).map_err(io::Error::other)?;
    Ok((acceptor.into(), made.ca))
}

/// Makes an authority that nobody trusts yet, and lets it issue the server's certificate.
fn issue(authority: &str, names: &[&str]) -> Result<Certificate, ErrorStack> {
    let (ca_key, ca_name) = (new_key()?, name(authority)?);
    let mut ca = builder(&ca_name, &ca_name, &ca_key)?;
    ca.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    ca.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    ca.sign(&ca_key, MessageDigest::sha256())?;
    let ca = ca.build();

    let key = new_key()?;
    let mut leaf = builder(&name("connect.example")?, &ca_name, &key)?;
    let mut alternatives = SubjectAlternativeName::new();
    alternatives.ip("127.0.0.1").dns("localhost");
    for name in names {
        alternatives.dns(name);
    }
    let alternatives = alternatives.build(&leaf.x509v3_context(Some(&ca), None))?;
    leaf.append_extension(alternatives)?;
    leaf.append_extension(BasicConstraints::new().critical().build()?)?;
    leaf.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    leaf.sign(&ca_key, MessageDigest::sha256())?;

    Ok(Certificate {
        ca: String::from_utf8_lossy(&ca.to_pem()?).into_owned(),
        chain: leaf.build().to_pem()?,
        key: key.private_key_to_pem_pkcs8()?,
    })
}

fn new_key() -> Result<PKey<Private>, ErrorStack> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&curve)?)
}

fn name(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    Ok(name.build())
}

/// A certificate of ten days that still lacks its extensions and its signature.
fn builder(
    subject: &X509Name,
    issuer: &X509Name,
    key: &PKey<Private>,
) -> Result<X509Builder, ErrorStack> {
    let mut serial = BigNum::new()?;
    serial.rand(120, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(10)?)?;
    Ok(builder)
}
