import pytest

from lifeloop.message.plain import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Dear</h1><p>one\n two</p><p>three</p>", "Dear\n\none two\n\nthree"),
        ('<p>see <a href="https://a.example">here</a>.</p>', "see here: https://a.example."),
        ('<a href="https://a.example">https://a.example</a>', "https://a.example"),
        ('<a href="mailto:a@example.com">a@example.com</a>', "a@example.com"),
        ('<a href="mailto:a@example.com">write</a>', "write: mailto:a@example.com"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol><li>a</li><li><p>b</p></li></ol>", "1. a\n2. b"),
        ("<p>x</p><blockquote><p>a<br>b</p></blockquote><p>y</p>", "x\n\n> a\n> b\n\ny"),
        ("<p>a</p><hr><p>b</p>", "a\n\n---\n\nb"),
        ('<p><img src="x" alt="Six neighbours"></p>', "Six neighbours"),
        ("<table><tr><th>a</th> <th>b</th></tr>\n<tr><td>1</td> <td>2</td></tr></table>", "a | b\n1 | 2"),
        ("<style>p{}</style><p>&amp; &lt;b&gt; &nbsp;</p>", "& <b> \xa0"),
        ("<p>a <strong>b</strong> <em>c</em></p>", "a b c"),
    ],
)
def test_html_reads_well_as_text(html, text):
    said = to_text(html)
    while "\n\n\n" in said:
        said = said.replace("\n\n\n", "\n\n")
    assert said == text
