"""The trees that texts are read as (docs/text.md), written by hand: both parsers are held to them."""

from typing import Any, Final

Node = dict[str, Any]
Part = Node | str


def parts(found: tuple[Part, ...]) -> list[Node]:
    """A string stands for a text."""
    return [{"type": "text", "text": part} if isinstance(part, str) else part for part in found]


def p(*found: Part) -> Node:
    """A paragraph."""
    return {"type": "paragraph", "children": parts(found)}


def styled(style: str, *found: Part) -> Node:
    """A mark's content."""
    return {"type": "styled", "style": style, "children": parts(found)}


def b(*found: Part) -> Node:
    """Bold."""
    return styled("bold", *found)


def i(*found: Part) -> Node:
    """Italic."""
    return styled("italic", *found)


def s(*found: Part) -> Node:
    """Struck."""
    return styled("struck", *found)


def h(*found: Part) -> Node:
    """A spoiler."""
    return styled("spoiler", *found)


def c(text: str) -> Node:
    """Code in a line."""
    return {"type": "code", "text": text}


def pre(text: str, language: str = "") -> Node:
    """A block of code."""
    return {"type": "code_block", "text": text, "language": language}


def q(*blocks: Node) -> Node:
    """A quote."""
    return {"type": "quote", "children": list(blocks)}


def a(text: str, href: str | None = None) -> Node:
    """A link; by itself to what it says."""
    return {"type": "link", "text": text, "href": text if href is None else href}


def bare(text: str) -> Node:
    """A domain without a scheme."""
    return a(text, "https://" + text)


def mail(text: str) -> Node:
    """An e-mail address."""
    return a(text, "mailto:" + text)


def m(text: str, username: str | None = None) -> Node:
    """A mention."""
    return {"type": "mention", "text": text, "username": username or text[1:].lower()}


def everyone(text: str) -> Node:
    """A mention of all."""
    return {"type": "mention_all", "text": text}


def place(chat_id: int, seq: int) -> Node:
    """A message of a chat."""
    return {"type": "place", "text": f"vestnik://chat/{chat_id}/{seq}", "chat_id": chat_id, "seq": seq}


Table = list[tuple[str, list[Node]]]


def same(*texts: str) -> Table:
    """What is plain text as a whole."""
    return [(text, [p(text)]) for text in texts]


WHITE: Final = "\t \u00a0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000"

MARKS: Final[Table] = [
    ("просто текст", [p("просто текст")]),
    ("**bold**", [p(b("bold"))]),
    ("_italic_", [p(i("italic"))]),
    ("~~struck~~", [p(s("struck"))]),
    ("||spoiler||", [p(h("spoiler"))]),
    ("`code`", [p(c("code"))]),
    ("**жирный** и _курсив_, ~~нет~~", [p(b("жирный"), " и ", i("курсив"), ", ", s("нет"))]),
    ("a **b** c **d** e", [p("a ", b("b"), " c ", b("d"), " e")]),
    ("(**a**)", [p("(", b("a"), ")")]),
    ("«**a**», _b_.", [p("«", b("a"), "», ", i("b"), ".")]),
    ("**a b\nc d**", [p(b("a b\nc d"))]),
    ("**👍**👍", [p(b("👍"), "👍")]),
    ("👍**a**👍", [p("👍", b("a"), "👍")]),
    ("你**好**吗", [p("你", b("好"), "吗")]),
    ("한**국**어", [p("한", b("국"), "어")]),
    ("**a**-**b**", [p(b("a"), "-", b("b"))]),
    ("_a_.b", [p(i("a"), ".b")]),
    ("_snake_case_", [p(i("snake_case"))]),
    ("**2*3**", [p(b("2*3"))]),
    ("**a* b**", [p(b("a* b"))]),
    ("a—**b**—c", [p("a—", b("b"), "—c")]),
    ("\u00a0**a**\u00a0", [p("\u00a0", b("a"), "\u00a0")]),
    ("**e\u0301**", [p(b("e\u0301"))]),
    ("_Ого!_, (_а_)", [p(i("Ого!"), ", (", i("а"), ")")]),
    ("1️⃣ _два_", [p("1️⃣ ", i("два"))]),
]

NESTING: Final[Table] = [
    ("**_a_**", [p(b(i("a")))]),
    ("_**a**_", [p(i(b("a")))]),
    ("**a _b ~~c ||d|| e~~ f_ g**", [p(b("a ", i("b ", s("c ", h("d"), " e"), " f"), " g"))]),
    ("**_~~||a||~~_**", [p(b(i(s(h("a")))))]),
    (
        "_w **x _y ~~z ||a|| z~~ y_ x** w_",
        [p("_w ", b("x ", i("y ", s("z ", h("a"), " z"), " y"), " x"), " w_")],
    ),
    (
        "~~v _w **x _y ~~z ||a|| z~~ y_ x** w_ v~~ **u**",
        [p("~~v _w ", b("x ", i("y ", s("z ", h("a"), " z"), " y"), " x"), " w_ v~~ ", b("u"))],
    ),
    ("_**_~~a~~", [p(i("**"), s("a"))]),
    ("**a **b** c**", [p(b("a ", b("b"), " c"))]),
    ("**a `**` b**", [p(b("a ", c("**"), " b"))]),
    ("**a _b** c_", [p(b("a _b"), " c_")]),
    ("_a **b_ c**", [p(i("a **b"), " c**")]),
    ("**a ~~b ||c**", [p(b("a ~~b ||c"))]),
    ("||`a` https://example.com @anna||", [p(h(c("a"), " ", a("https://example.com"), " ", m("@anna")))]),
    ("> **a _b_**", [q(p(b("a ", i("b"))))]),
    ("> _**~~||a||~~**_", [q(p("_", b(s(h("a"))), "_"))]),
    ("> > _**~~a~~**_", [q(q(p("_", b(s("a")), "_")))]),
    ("> > > **_a_**", [q(q(q(p("**", i("a"), "**"))))]),
    ("> > > > **a**", [q(q(q(q(p("**a**")))))]),
    ("> > > > > a", [q(q(q(q(p("> a")))))]),
]

PLAIN: Final[Table] = [
    *same(
        "snake_case_name",
        "__init__",
        "__name__ == '__main__'",
        "a_b_ c",
        "_a_b",
        "2*3",
        "2 * 3 * 4",
        "2**3**4",
        "a ** b ** c",
        "*a*",
        "***a***",
        "****",
        "____",
        "**",
        "**a",
        "a**",
        "** a**",
        "**a **",
        "a~~b~~",
        "~a~",
        "~~~a~~~",
        "a || b || c",
        "a||b||c",
        "|a|",
        "|||a|||",
        "**a~~",
        "слово**часть**",
        "**часть**слово",
        "**a\n\nb**",
        "_a\n\n\nb_",
        "`a",
        "`",
        "``",
        "` `",
        "`a\nb`",
        "``a`",
        "#заголовок",
        "# заголовок",
        "- пункт",
        "1. пункт",
        "[текст](адрес)",
        "<b>a</b>",
        "<script>alert(1)</script>",
        "&amp; &lt;",
        ":-) ;_; >_< ^_^ -_- =_= o_O",
        "^_^ да ^_^",
        "-_-_-",
        "a\u200b",
        "5 > 3",
        "a > b",
        ">a",
        ">5 штук",
        ">>> import os",
        ">",
        "> ",
        ">\n> ",
        "2~3 и 5~6",
        "50|60",
        "a\tb  c   d",
        "один\nдва\n\n\nтри",
    ),
    *same(*(f"**{white}a**" for white in WHITE)),
    ("", []),
    ("\n\n", []),
    (" \n\t\n", []),
    ("\n\na\n \n", [p("a")]),
    ("  a  ", [p("  a  ")]),
    ("a\r\nb", [p("a\nb")]),
    ("a\n \t \nb", [p("a\n\nb")]),
]

CODE: Final[Table] = [
    ("`**a** @anna https://example.com`", [p(c("**a** @anna https://example.com"))]),
    ("``a ` b``", [p(c("a ` b"))]),
    ("`` `a` ``", [p(c("`a`"))]),
    ("` a `", [p(c(" a "))]),
    ("`a\\`b`", [p(c("a\\"), "b`")]),
    ("a`b`c", [p("a", c("b"), "c")]),
    ("`a` `b`", [p(c("a"), " ", c("b"))]),
    ("`a`` b`", [p(c("a`` b"))]),
    ("```a``` b", [p(c("a"), " b")]),
    ("см. ```a```", [p("см. ", c("a"))]),
    ("`a\n`b`", [p("`a\n", c("b"))]),
    ("```\na\n```", [pre("a")]),
    ("```py\nx = 1\n```", [pre("x = 1", "py")]),
    ("```c++\nint x;\n```", [pre("int x;", "c++")]),
    ("```  \na\n```  ", [pre("a")]),
    ("```a```", [pre("a")]),
    ("```a b\nc```", [pre("a b\nc")]),
    ("```\n  a\n\n  b\n```", [pre("  a\n\n  b")]),
    ("```js\na\nb```", [pre("a\nb", "js")]),
    ("```a `b` c\nd```", [pre("a `b` c\nd")]),
    ("a\n```\nb\n```\nc", [p("a"), pre("b"), p("c")]),
    ("a\n\n```\nb\n```\n\nc", [p("a"), pre("b"), p("c")]),
    ("```\na\n```\n```\nb\n```", [pre("a"), pre("b")]),
    ("````\n```\na\n```\n````", [pre("```\na\n```")]),
    ("```\n**a** > @anna\n> b\n```", [pre("**a** > @anna\n> b")]),
    ("```\na", [p("```\na")]),
    ("a\n```", [p("a\n```")]),
    ("```\n```", [p("```\n```")]),
    ("```\n \n```", [p("```\n\n```")]),
    ("```слово\na\n```", [pre("слово\na")]),
    ("```abcdefghijklmnopqrstuvwxyz\na\n```", [pre("abcdefghijklmnopqrstuvwxyz\na")]),
    ("**a\n```\nb\n```\nc**", [p("**a"), pre("b"), p("c**")]),
    (" ```\na\n ```", [p(" ```\na\n ```")]),
    ("```\r\na\r\n```\r\nb", [pre("a"), p("b")]),
]

QUOTES: Final[Table] = [
    ("> a", [q(p("a"))]),
    ("> a\n> b", [q(p("a\nb"))]),
    ("> a\n>\n> b", [q(p("a\n\nb"))]),
    ("> a\nb", [q(p("a")), p("b")]),
    ("a\n> b\nc", [p("a"), q(p("b")), p("c")]),
    ("> a\n\n> b", [q(p("a")), q(p("b"))]),
    ("> > a\n> b", [q(q(p("a")), p("b"))]),
    ("> ```py\n> x\n> ```", [q(pre("x", "py"))]),
    ("> ```\na\n```", [q(p("```")), p("a\n```")]),
    (">  a", [q(p(" a"))]),
    (" > a", [p(" > a")]),
    ("**a\n> b**", [p("**a"), q(p("b**"))]),
    ("\\> a", [p("> a")]),
    ("> \\> a", [q(p("> a"))]),
]

ESCAPES: Final[Table] = [
    (r"\*\*a\*\*", [p("**a**")]),
    (r"\**a**", [p("**a**")]),
    (r"\_a_", [p("_a_")]),
    (r"_a\_", [p("_a_")]),
    (r"_a\_b_", [p(i("a_b"))]),
    (r"\~~a~~ ~~b~~", [p("~~a~~ ", s("b"))]),
    (r"\||a||", [p("||a||")]),
    (r"\`a`", [p("`a`")]),
    (r"\```a", [p("```a")]),
    ("\\```\na\n\\```", [p("```\na\n```")]),
    (r"\@anna", [p("@anna")]),
    (r"\\@anna", [p("\\", m("@anna"))]),
    (r"\\**a**", [p("\\", b("a"))]),
    (r"\\\**a**", [p("\\**a**")]),
    (r"\\server\share", [p(r"\\server\share")]),
    (r"C:\dir\file", [p(r"C:\dir\file")]),
    (r"C:\>dir", [p(r"C:\>dir")]),
    (r"\d+\.\w", [p(r"\d+\.\w")]),
    ("a\\", [p("a\\")]),
    (r"**a\** b**", [p(b("a** b"))]),
    (r"¯\_(ツ)_/¯", [p("¯_(ツ)_/¯")]),
]

LINKS: Final[Table] = [
    ("https://example.com", [p(a("https://example.com"))]),
    ("http://example.com/", [p(a("http://example.com/"))]),
    ("HTTPS://Example.com/A", [p(a("HTTPS://Example.com/A"))]),
    ("https://a" + ")" * 3990, [p(a("https://a"), ")" * 3990)]),
    ("https://a/" + ")" * 40, [p(a("https://a/"), ")" * 40)]),
    ("см. https://example.com.", [p("см. ", a("https://example.com"), ".")]),
    ("https://example.com/a, b", [p(a("https://example.com/a"), ", b")]),
    ("https://example.com/?", [p(a("https://example.com/"), "?")]),
    ("https://example.com?!", [p(a("https://example.com"), "?!")]),
    ("https://example.com/a?b=c&d=%20#e", [p(a("https://example.com/a?b=c&d=%20#e"))]),
    ("https://example.com/…", [p(a("https://example.com/"), "…")]),
    ("(https://example.com/a)", [p("(", a("https://example.com/a"), ")")]),
    (
        "(https://en.wikipedia.org/wiki/A_(b)), c",
        [p("(", a("https://en.wikipedia.org/wiki/A_(b)"), "), c")],
    ),
    ("https://en.wikipedia.org/wiki/A_(b)", [p(a("https://en.wikipedia.org/wiki/A_(b)"))]),
    ("[a](https://example.com/b)", [p("[a](", a("https://example.com/b"), ")")]),
    ("[https://example.com/[a]]", [p("[", a("https://example.com/[a]"), "]")]),
    ("https://example.com/{a}}", [p(a("https://example.com/{a}"), "}")]),
    ("https://example.com/(", [p(a("https://example.com/"), "(")]),
    ("«https://example.com/a»", [p("«", a("https://example.com/a"), "»")]),
    ('"https://example.com/a"', [p('"', a("https://example.com/a"), '"')]),
    ("<https://example.com/a>", [p("<", a("https://example.com/a"), ">")]),
    ("https://example.com:8443/a", [p(a("https://example.com:8443/a"))]),
    ("https://example.com:99999", [p(a("https://example.com"), ":99999")]),
    ("https://example.com:", [p(a("https://example.com"), ":")]),
    ("http://localhost:8000", [p(a("http://localhost:8000"))]),
    ("http://intranet/wiki", [p(a("http://intranet/wiki"))]),
    ("http://127.0.0.1:80/", [p(a("http://127.0.0.1:80/"))]),
    ("http://[::1]:8080/a", [p(a("http://[::1]:8080/a"))]),
    ("https://my_host/", [p(a("https://my_host/"))]),
    ("https://xn--e1afmkfd.xn--p1ai/", [p(a("https://xn--e1afmkfd.xn--p1ai/"))]),
    ("https://пример.рф/путь", [p(a("https://пример.рф/путь"))]),
    ("https://пример.рф.", [p(a("https://пример.рф"), ".")]),
    ("https://user@example.com/", [p("https://user@example.com/")]),
    ("https://bank.com:pw@evil.com", [p("https://bank.com:pw@evil.com")]),
    ("https://example.com/@user", [p(a("https://example.com/@user"))]),
    ("https://", [p("https://")]),
    ("https:// example", [p("https:// example")]),
    ("https:example.com", [p("https:", bare("example.com"))]),
    ("xhttps://example.com", [p("xhttps://example.com")]),
    ("см.https://example.com", [p("см.", a("https://example.com"))]),
    ("请看https://example.com 谢谢", [p("请看", a("https://example.com"), " 谢谢")]),
    ("ftp://example.com", [p("ftp://example.com")]),
    ("javascript:alert(1)", [p("javascript:alert(1)")]),
    ("https://example.com/a\u202eb", [p(a("https://example.com/a"), "\u202eb")]),
    *(
        (f"https://example.com/a{sign}b", [p(a("https://example.com/a"), f"{sign}b")])
        for sign in WHITE + "\u00ad\u2060<"
    ),
    ("https://example.com\\a", [p(a("https://example.com"), "\\a")]),
    ("**https://example.com/a**", [p(b(a("https://example.com/a")))]),
    ("_https://example.com/a_b_", [p(i(a("https://example.com/a_b")))]),
    ("||https://example.com/a||", [p(h(a("https://example.com/a")))]),
    ("~~https://example.com/a?b~~", [p(s(a("https://example.com/a?b")))]),
    ("https://example.com/a*b~c|d", [p(a("https://example.com/a*b~c|d"))]),
    ("https://example.com/https://example.org", [p(a("https://example.com/https://example.org"))]),
    ("example.com", [p(bare("example.com"))]),
    ("example.com.", [p(bare("example.com"), ".")]),
    ("example.com:8080/a", [p(bare("example.com:8080/a"))]),
    ("example.com/a_(b).", [p(bare("example.com/a_(b)"), ".")]),
    ("www.example.co.uk?a=b", [p(bare("www.example.co.uk?a=b"))]),
    ("EXAMPLE.COM", [p(bare("EXAMPLE.COM"))]),
    ("пример.рф", [p(bare("пример.рф"))]),
    ("(пример.рф)", [p("(", bare("пример.рф"), ")")]),
    ("xn--e1afmkfd.xn--p1ai", [p(bare("xn--e1afmkfd.xn--p1ai"))]),
    ("中国.中国", [p(bare("中国.中国"))]),
    ("a-b.example.com", [p(bare("a-b.example.com"))]),
    ("docs.rs/trio", [p(bare("docs.rs/trio"))]),
    ("www.docs.rs", [p(bare("www.docs.rs"))]),
    ("**example.com** _example.com_", [p(b(bare("example.com")), " ", i(bare("example.com")))]),
    ("😀example.com😀", [p("😀", bare("example.com"), "😀")]),
    *same(
        "example.notatld",
        "main.py README.md script.sh",
        "main.rs:10",
        "src/main.com",
        "../example.com",
        ".example.com",
        "$example.com",
        "items.at(0) a.is[1]",
        "Готово.Com",
        "и т.д. и т.п.",
        "e.g. i.e.",
        "1.2.3 192.168.0.1",
        "example..com",
        "example.com_x",
        "a" * 64 + ".com",
        "-.com",
    ),
    ("anna@example.com", [p(mail("anna@example.com"))]),
    ("(anna@example.com),", [p("(", mail("anna@example.com"), "),")]),
    ("first.last+tag@example.co.uk.", [p(mail("first.last+tag@example.co.uk"), ".")]),
    ("анна@пример.рф", [p(mail("анна@пример.рф"))]),
    ("mailto:anna@example.com", [p(a("mailto:anna@example.com"))]),
    ("mailto:", [p("mailto:")]),
    *same("anna@example", "@anna@example.com", "anna@example.com@x.com", "a@b@c", "a" * 65 + "@example.com"),
    ("vestnik://chat/4/17", [p(place(4, 17))]),
    ("см. vestnik://chat/4/17.", [p("см. ", place(4, 17), ".")]),
    *same(
        "vestnik://chat/4",
        "vestnik://chat/0/1",
        "vestnik://chat/4/017",
        "vestnik://chat/4/17a",
        "vestnik://chat/4/17/1",
        "vestnik://x/4/17",
        "vestnik://chat/4/1234567890123456",
    ),
]

MENTIONS: Final[Table] = [
    ("@anna", [p(m("@anna"))]),
    ("@Anna, привет", [p(m("@Anna"), ", привет")]),
    ("привет @anna.", [p("привет ", m("@anna"), ".")]),
    ("(@anna)", [p("(", m("@anna"), ")")]),
    ("@anna/@boris", [p(m("@anna"), "/", m("@boris"))]),
    ("@anna-то", [p(m("@anna"), "-то")]),
    ("@a.b-c_d9", [p(m("@a.b-c_d9"))]),
    ("@anna_", [p(m("@anna"), "_")]),
    (r"@anna\_ да", [p(m("@anna_"), " да")]),
    (r"@anna\_\.", [p(m("@anna_."))]),
    ("_@anna_", [p(i(m("@anna")))]),
    ("**@anna**", [p(b(m("@anna")))]),
    ("> @anna", [q(p(m("@anna")))]),
    ("@all", [p(everyone("@all"))]),
    ("@All!", [p(everyone("@All"), "!")]),
    ("@все, сбор", [p(everyone("@все"), ", сбор")]),
    ("@Все", [p(everyone("@Все"))]),
    ("@alla", [p(m("@alla"))]),
    ("@anna你好", [p(m("@anna"), "你好")]),
    ("👍@anna", [p("👍", m("@anna"))]),
    ("@" + "a" * 32, [p(m("@" + "a" * 32))]),
    *same(
        "@всех",
        "@",
        "@ anna",
        "@an",
        "@" + "a" * 33,
        "x@anna",
        "@@anna",
        "@annaя",
        "@все@все",
        "@anna@boris",
        "@...",
    ),
    ("`@anna`", [p(c("@anna"))]),
    ("`@anna", [p("`", m("@anna"))]),
    ("```\n@anna\n```", [pre("@anna")]),
    ("https://example.com/@anna", [p(a("https://example.com/@anna"))]),
]

TABLES: Final = {
    "marks": MARKS,
    "nesting": NESTING,
    "plain": PLAIN,
    "code": CODE,
    "quotes": QUOTES,
    "escapes": ESCAPES,
    "links": LINKS,
    "mentions": MENTIONS,
}
