//! Flags and Subjects that say a verdict: whatever a provider writes, a client is told one keyword of ours at most, and nothing
//! else of the line changes; whatever a Subject holds, no whole mark is left in it.

use souspli::imap::keywords;
use souspli::imap::line::Line;
use souspli::text::subject;
use souspli::view::verdict::Grade;

/// One input.
pub fn run(input: &[u8]) {
    for depth in [0, 1] {
        flags(input, depth);
    }
    if let Some(line) = keywords::store(&Line::of(input)) {
        assert!(keywords::store(&line).is_none_or(|again| again == line), "not stable");
    }
    if let Some(line) = keywords::permanent(input) {
        assert!(line.len() < input.len());
    }
    if let Some(listed) = keywords::listed(input) {
        assert_eq!(ours_among(&listed), 0);
    }
    marks(&String::from_utf8_lossy(input));
}

fn flags(input: &[u8], depth: usize) {
    let found = keywords::scan(input, depth);
    let Some(range) = found.flags else { return };
    assert!(input[range.clone()].starts_with(b"(") && input[range.clone()].ends_with(b")"));
    for grade in [Grade::Plain, Grade::Altered] {
        let ours = keywords::of(grade);
        let list = keywords::told(&input[range.clone()], ours).unwrap_or_else(|| input[range.clone()].to_vec());
        assert_eq!(ours_among(&list), usize::from(ours.is_some()));
        assert_eq!(keywords::told(&list, ours), None, "not stable");
    }
}

fn ours_among(flags: &[u8]) -> usize {
    let own = |flag: &&[u8]| flag.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"$Souspli"));
    flags.split(|b| b" ()".contains(b)).filter(own).count()
}

fn marks(text: &str) {
    let spans: Vec<_> = subject::marks(text).map(|mark| mark.span).collect();
    assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
    if let Some(without) = subject::without_marks(text) {
        assert!(without.len() < text.len());
    }
}
