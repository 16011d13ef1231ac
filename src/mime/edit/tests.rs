use super::*;

struct Shout;

impl Editor for Shout {
    fn text(&mut self, part: &TextPart<'_>) -> Change {
        if part.text.contains("hi") {
            Change::Text(part.text.replace("hi", "HI"))
        } else {
            Change::Keep
        }
    }
}

#[test]
fn only_the_changed_text_is_encoded_anew() {
    let mail = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhi =E9=\r\n.\r\n--b\r\nContent-Type: text/plain\r\n\r\nother  \r\n--b--\r\nepilogue";
    let out = String::from_utf8(edit(mail, &mut Shout).unwrap()).unwrap();
    assert!(
        out.contains("charset=\"utf-8\"") && out.contains("\r\n\r\nHI =C3=A9.\r\n--b\r\n"),
        "{out}"
    );
    assert!(out.ends_with("\r\n\r\nother  \r\n--b--\r\nepilogue"), "{out}");
    assert_eq!(edit(out.as_bytes(), &mut Shout), None);
}

#[test]
fn a_text_behind_a_delimiter_that_was_cut_off_is_seen() {
    struct Fill;
    impl Editor for Fill {
        fn text(&mut self, _: &TextPart<'_>) -> Change {
            Change::Text("hi\r\n".to_owned())
        }
    }
    for end in ["", "\r"] {
        let mail = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b{end}");
        let out = edit(mail.as_bytes(), &mut Fill).unwrap();
        let tree = parse(&out);
        assert_eq!(&out[tree.children()[0].body.clone()], b"hi\r\n", "{end:?}");
    }
}

/// As Thunderbird writes the text of a letter that is a picture only.
#[test]
fn an_empty_part_takes_a_text_whole() {
    struct Fill;
    impl Editor for Fill {
        fn text(&mut self, part: &TextPart<'_>) -> Change {
            if part.text.is_empty() {
                Change::Text("hi\r\n".to_owned())
            } else {
                Change::Keep
            }
        }
    }
    let mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nother\r\n--b--\r\n";
    let out = edit(mail.as_bytes(), &mut Fill).unwrap();
    let tree = parse(&out);
    let texts: Vec<_> = tree
        .children()
        .iter()
        .map(|part| text_of(&out, part).unwrap().0.into_owned())
        .collect();
    assert_eq!(texts, ["hi\r\n", "other"]);
}

#[test]
fn an_unknown_charset_keeps_its_octets() {
    let mail = b"Content-Type: text/plain; charset=x-none\r\n\r\nhi \xfe\xff";
    let out = edit(mail, &mut Shout).unwrap();
    assert!(out.ends_with(b"\r\n\r\nHI \xfe\xff"));
    assert!(out.starts_with(b"Content-Type: text/plain; charset=x-none\r\n"));
    let wide = b"Content-Type: text/plain; charset=utf-32\r\n\r\nhi";
    assert_eq!(edit(wide, &mut Shout), None);
}

#[test]
fn a_text_behind_a_header_that_was_cut_off_is_no_header() {
    struct Fill;
    impl Editor for Fill {
        fn text(&mut self, _: &TextPart<'_>) -> Change {
            Change::Text("hi\r\n".to_owned())
        }
    }
    for mail in [
        "Content-Type: message/rfc822\r\n",
        "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n",
    ] {
        let out = edit(mail.as_bytes(), &mut Fill).unwrap();
        let mut seen = parse(&out);
        while let Kind::Message(inner) = seen.kind {
            seen = *inner;
        }
        assert_eq!(&out[seen.body], b"hi\r\n", "{mail:?}");
    }
}
