from lifeloop.message.pieces import Piece, Spot, Unclosed, cut


def pieces(text):
    return [segment for segment in cut(text, Spot("a.md", 5)) if isinstance(segment, Piece)]


def test_a_text_is_cut_into_literals_and_pieces_in_order():
    segments = cut("Hi {{ name }}, {% if x %}yes{% endif %}{# note #}!", Spot("a.md"))

    said = [segment if isinstance(segment, str) else segment.text for segment in segments]
    assert said == ["Hi ", "name", ", ", "if x", "yes", "endif", "!"]


def test_each_piece_knows_line_and_column():
    first, second = pieces("Dear {{ a }}\nfrom {%- if b -%}")

    assert (first.place.line, first.place.column, first.place.end_column) == (5, 6, 13)
    assert (second.place.line, second.place.column) == (6, 6)
    assert second.text == "if b"


def test_a_word_inside_a_piece_has_its_own_place():
    (piece,) = pieces("{{ customer.phone | upper }}")

    assert piece.spot("customer.phone").column == 4
    assert piece.spot("upper").column == 21
    assert piece.spot("nothing") == piece.place


def test_closing_signs_inside_quotes_do_not_close():
    assert [piece.text for piece in pieces("""{{ "}}" ~ '%}' }}""")] == ["""\"}}" ~ '%}'"""]


def test_what_is_never_closed_is_found_where_it_opens():
    (found,) = [segment for segment in cut("a\n  {{ b", Spot("a.md")) if isinstance(segment, Unclosed)]

    assert (found.sign, found.place.line, found.place.column) == ("{{", 2, 3)


def test_a_minus_before_a_value_is_kept():
    assert [piece.text for piece in pieces("{{ -x }}")] == ["-x"]
