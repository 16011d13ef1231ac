use super::*;
use proptest::prelude::*;

#[test]
fn what_a_page_shows_apart_stands_apart() {
    for (page, text) in [
        (
            "<table><tr><td>Potassium</td><td>4</td><td>3,5</td></tr><tr><td>INR</td><td>2</td><td>5</td></tr></table>",
            "Potassium | 4 | 3,5\nINR | 2 | 5",
        ),
        ("<table><tr><th>A<th>B<tr><td><td>5<td></table>fin", "A | B\n| 5 |\n\nfin"),
        ("<td>a</td><td></td><td>b</td>", "a | | b"),
        ("<tr><td><p>INR</p></td>\r\n <td><p>2</p><p>5</p></td></tr>", "INR | 2\n\n5"),
        ("<p>Vu</p><table><tr><td>a</td></tr></table><p>fin</p>", "Vu\n\na\n\nfin"),
        ("<table><tr><td>x<table><tr><td>1<td>2</table>y<td>z</table>", "x\n\n1 | 2\n\ny\nz"),
        ("<dl><dt>K</dt><dd>4,1</dd><dt>Na</dt><dd>139</dd></dl>", "K | 4,1\nNa | 139"),
        ("<select><option>a<option selected>b</select>c", "[ ] a\n[x] b\nc"),
        ("<label>INR</label><label>2</label>", "INR 2"),
        (
            "<ul><li>a<li>b</ul><div>c</div><div>d</div><p>e<p>f<br>g<br><br>h",
            "a\nb\n\nc\nd\n\ne\n\nf\ng\n\nh",
        ),
        ("<section>a</section><section>b</section>", "a\nb"),
        ("cré<b>at</b>inine <span>a</span><span>b</span>", "créatinine ab"),
        ("<title>t</title><style>x{}</style>b<!-- c -->d", "bd"),
    ] {
        assert_eq!(told(page), format!("{}\r\n", text.replace('\n', "\r\n")), "{page}");
    }
}

#[test]
fn what_a_page_shows_otherwise_is_told() {
    for (page, text) in [
        (
            "<del>0,5 mg</del><ins>5 mg</ins>, 10<sup>9</sup>/l",
            "[supprimé : 0,5 mg]5 mg, 10^9/l",
        ),
        (
            "<s>a</s> <strike>b</strike> <span style='Text-Decoration: underline line-through'>c</span>",
            "[supprimé : a b c]",
        ),
        ("<p>a <s>b</s><p>c", "a [supprimé : b]\n\nc"),
        ("<td><s>a</s></td><td>b", "[supprimé : a] | b"),
        (
            "H<sub>2</sub>O, m<sup>2</sup>, 10<sup>9</sup>2, 10<sup>-3</sup>, x<sup>a b</sup>, x<sub>i</sub><sup>2</sup>, M<sup>me</sup>Y",
            "H_2O, m^2, 10^(9)2, 10^-3, x^(a b), x_i^2, M^(me)Y",
        ),
        ("2<sup></sup>5 <del></del>", "25"),
        (
            "<input type=checkbox checked>oui<input type=checkbox>non <input TYPE='Radio' CHECKED=''>f",
            "[x] oui [ ] non [x] f",
        ),
        (
            "dose <input value='5&nbsp;mg'>par jour<input type=hidden value=x>",
            "dose 5 mg par jour",
        ),
        (
            "a<img alt='Courbe [1]\r\n &eacute;'>b<img alt=''><img src=x>",
            "a[image : Courbe (1) é]b",
        ),
        ("<p hidden>a<p>b", "[masqué : a]\n\nb"),
        (
            "<div style='DISPLAY : none !important'>5] mg<div>x</div>y</div>10 mg",
            "[masqué : 5) mg\nx\ny]\n10 mg",
        ),
        ("<span style=\"color:red;visibility:hidden\">a</span>b", "[masqué : a]b"),
        (
            "<span style='dis/**/play:none;font-size:0px'><s>a</s></span><s>b",
            "[masqué : a][supprimé : b]",
        ),
        ("<s>a<span hidden>b</s>c</span>d", "[supprimé : a][masqué : bc]d"),
        ("<tr style='display:none'><td>a<tr><td>b", "[masqué : a]\nb"),
        ("<p><s>a<p>b</s>c<table><td><p>d</table>", "[supprimé : a\n\nb]c\n\nd"),
        (
            "<p hidden>a</div>b<select><option>c</select>d<div>e",
            "[masqué : a\nb\n( ) c\nd]\ne",
        ),
        ("<li hidden>a<ul><li>b</ul>c<li>d", "[masqué : a\n\nb\n\nc]\nd"),
        ("<div><p hidden>a</div>b", "[masqué : a]\nb"),
        ("<img hidden alt=x><input hidden type=checkbox>a", "a"),
        ("<span style='font-size:10px;opacity:0.5;display:block'>a</span>", "a"),
    ] {
        assert_eq!(told(page), format!("{}\r\n", text.replace('\n', "\r\n")), "{page}");
    }
}

#[test]
fn columns_stay_where_they_are() {
    for (page, text) in [
        (
            "<p>x</p><pre>\r\n  K    4\r\n\r\n\tNa  139\r\n</pre>y",
            "x\n\n  K    4\n\n\tNa  139\n\ny",
        ),
        ("<pre>  K    4</pre>", "  K    4"),
        ("<textarea>\na  &lt;b>\nc</textarea>d", "a  <b>\nc\nd"),
        ("<textarea></textarea><!-- x -->d", "d"),
        ("<xmp>a  &lt;<b></xmp>", "a  &lt;<b>"),
        ("<div style='white-space:pre-wrap'>a  b\nc</div>d  e", "a  b\nc\nd e"),
    ] {
        assert_eq!(told(page), format!("{}\r\n", text.replace('\n', "\r\n")), "{page}");
    }
}

#[test]
fn words_are_read_without_what_is_told_of_them() {
    let page = "<td>cré<b>at</b>inine<td>89<td><s>5</s> 10<sup>9</sup><img alt=x><input type=radio>";
    assert_eq!(plain(page), "créatinine 89 5 109\r\n");
    assert_eq!(apart(page), "cré at inine 89 5 10 9\r\n");
}

proptest! {
    #[test]
    fn any_page_has_a_text(page in "(</?(td|tr|table|s|sup|sub|p|pre|dd|dt|option|textarea|span hidden|b style='display:none')>|<img alt='é]'>|<input type=radio>|&[a-z]{2};|[<>/=\" \n\r\\[\\]1é]){0,60}") {
        for text in [told(&page), plain(&page), apart(&page)] {
            prop_assert!(text.len() <= page.len() * 4 + 40, "{text}");
        }
        // Every bracket that tells something ends.
        let text = told(&page.replace(['[', ']'], ""));
        prop_assert_eq!(text.matches('[').count(), text.matches(']').count(), "{}", text);
    }
}
