//! Fields keep every octet; what they decode to is text.
use souspli::mime::header::Header;
use souspli::mime::{parameters, words};

/// One input.
pub fn run(data: &[u8]) {
    let (header, body) = Header::parse(data);
    let fields = header.retain(|_| true);
    assert!(fields.len() <= body && data.starts_with(&fields));
    for field in header.fields() {
        let text = field.text();
        assert!(!words::decode(words::encode(&text).as_bytes()).contains('\n'));
        field.addresses();
        let read = parameters::Parameterized::parse(field.value);
        parameters::Parameterized::parse(read.write().as_bytes());
    }
}
