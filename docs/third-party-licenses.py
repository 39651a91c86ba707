#!/usr/bin/env python3
"""Writes docs/third-party-licenses.md: the licences of everything that is compiled into the binary.

    python3 docs/third-party-licenses.py            write it
    python3 docs/third-party-licenses.py --check    fail if it is not up to date

Needs cargo and the sources of the crates (`cargo fetch --locked` brings them); nothing else, no network.
"""

import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "third-party-licenses.md"

# The systems farwatch is built for; the same as in deny.toml.
TARGETS = [
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
]

LICENCE_NAME = re.compile(r"(licen[cs]e|copying|notice|unlicense|copyright|ofl)", re.I)
NOT_TEXT = {".rs", ".py", ".toml", ".json", ".yml", ".yaml", ".c", ".h", ".go", ".pl", ".sh", ".lock", ".cmake", ".in"}
# Not part of what is compiled in.
SKIP = {"tests", "test", "benches", "examples", "example", "fuzz", "fuzzing", "target", ".github", "docs", "doc",
        "util", "tool", "third_party", "crypto_test_data"}


def cargo(*words):
    return subprocess.check_output(["cargo", *words, "--locked"], cwd=ROOT, text=True)


def compiled_in():
    """The packages whose code the binary is made from: ordinary dependencies, without procedural macros."""
    wanted = set()
    for target in TARGETS:
        tree = cargo("tree", "--edges", "normal,no-proc-macro", "--target", target, "--prefix", "none", "--format", "{p}")
        wanted |= {tuple(line.split()[:2]) for line in tree.splitlines()[1:] if line}
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    found = [package for package in packages if (package["name"], "v" + package["version"]) in wanted and package["source"]]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def apache_body(text):
    """The terms of Apache-2.0 as one line, if the text holds them."""
    words = re.sub(r"[\"'`“”‘’*#>_=-]", "", squeeze(text)).replace("https:", "http:")
    found = re.search(r"TERMS AND CONDITIONS FOR USE.*?END OF TERMS AND CONDITIONS", words)
    return found.group(0) if found else None


APACHE = (ROOT / "LICENSE-APACHE").read_text(encoding="utf-8")
APACHE_TERMS = apache_body(APACHE)
MIT_TERMS = (ROOT / "LICENSE-MIT").read_text(encoding="utf-8").split("\n\n", 2)[2]


def beside_apache(text):
    """What a copy of Apache-2.0 says beside the terms themselves: copyright lines that are not the template."""
    if apache_body(text) is None or squeeze(apache_body(text)).lower() != APACHE_TERMS.lower():
        return None
    lines = []
    for line in text.splitlines():
        line = line.strip(" \t*#/")
        if re.match(r"copyright\s+(\(c\)|©|\d)", line, re.I) and not re.search(r"\[yyyy\]|\{yyyy\}|\[name", line):
            lines.append(line)
    return lines


def alternatives(expression):
    plain = expression.replace("/", " OR ")
    return None if "AND" in plain or "(" in plain else [part.strip() for part in plain.split(" OR ")]


def elect(expression):
    """The licence taken where the authors offer a choice; None where there is none."""
    offered = alternatives(expression)
    if not offered or len(offered) == 1:
        return None
    for preferred in ["Apache-2.0", "MIT", "0BSD", "Zlib", "ISC", "BSD-3-Clause", "BSD-2-Clause", "MIT-0"]:
        if preferred in offered:
            return preferred
    return None


OTHER = {
    "Apache-2.0": r"mit|zlib|unlicense|bsl|boost|isc|bsd|lgpl|llvm|cc0",
    "MIT": r"apache|zlib|unlicense|bsl|boost|isc|bsd|lgpl|cc0",
    "0BSD": r"cc0|mit|apache",
}


def texts_of(package):
    """The licence texts that a package brings, by their names in it."""
    folder = Path(package["manifest_path"]).parent
    elected = elect(package["license"] or "")
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if not path.is_file() or path.suffix.lower() in NOT_TEXT or any(part in SKIP for part in inner.parts[:-1]):
            continue
        named = LICENCE_NAME.search(path.name) or (len(inner.parts) == 2 and LICENCE_NAME.match(inner.parts[0]))
        if not named or path.stat().st_size > 200_000:
            continue
        top = len(inner.parts) == 1
        name = path.name.lower()
        if top and elected and re.search(OTHER.get(elected, "$^"), name) and elected.lower().split("-")[0] not in name:
            continue
        text = path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\ufeff", "").strip("\n")
        # A pointer file such as "see LICENSE-MIT" or "../LICENSE" is no licence.
        if len(text) < 120 and not re.search(r"copyright", text, re.I):
            continue
        found[str(inner)] = text
    whole = "\n".join(found.values())
    people = ", ".join(re.sub(r"\s*<.*?>", "", author) for author in package["authors"]) or f"the authors of {package['name']}"
    wanted = [elected] if elected else alternatives(package["license"] or "") or []
    for licence in wanted:
        if licence.startswith("Apache-2.0") and apache_body(whole) is None:
            found["(the crate has no copy)"] = APACHE
        if licence == "MIT" and "Permission is hereby granted" not in whole:
            found["(the crate has no copy)"] = f"Copyright (c) {people}\n\n{MIT_TERMS}"
        if licence == "0BSD" and not found:
            found["(the crate has no copy)"] = (
                f"Copyright (c) {people}\n\n"
                "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is\n"
                "hereby granted.\n\n"
                'THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE\n'
                "INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR\n"
                "ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF\n"
                "USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF\n"
                "OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE."
            )
    return elected, found


def acknowledgements(package):
    """The licences of the syntax definitions inside two-face: a packed list of (kind, text, path)."""
    packed = zlib.decompress(
        (Path(package["manifest_path"]).parent / "generated" / "acknowledgements_full.bin").read_bytes())
    at, all_of_them = 0, []

    def number(form):
        nonlocal at
        value, = struct.unpack_from(form, packed, at)
        at += struct.calcsize(form)
        return value

    def string():
        nonlocal at
        length = number("<Q")
        at += length
        return packed[at - length:at].decode("utf-8")

    for _ in ("syntaxes", "themes"):
        for _ in range(number("<Q")):
            number("<I")
            text, path = string(), string()
            all_of_them.append((path, text.replace("\r\n", "\n").strip("\n")))
    if at != len(packed):
        raise SystemExit("the list of licences inside two-face cannot be read; look at its core_types.rs")
    return all_of_them


def main():
    packages = compiled_in()
    numbers, order, rows, notes = {}, [], [], []

    def number_of(text):
        key = squeeze(text).lower()
        if key not in numbers:
            numbers[key] = len(order) + 1
            order.append(text)
        return numbers[key]

    number_of(APACHE.replace("Copyright The farwatch authors", "Copyright [yyyy] [name of copyright owner]"))
    for package in packages:
        elected, found = texts_of(package)
        shown, credits = [], []
        for text in found.values():
            beside = beside_apache(text)
            # Terms that equal the standard ones are printed once; the copyright lines beside them are kept.
            if beside is not None and len(squeeze(text)) < 1.35 * len(squeeze(APACHE)):
                shown.append(1)
                credits += beside
            else:
                shown.append(number_of(text))
        if not shown:
            raise SystemExit(f"{package['name']} {package['version']} ({package['license']}): no licence text found")
        taken = f"{package['license']}" + (f" (taken: {elected})" if elected else "")
        rows.append(f"| {package['name']} {package['version']} | {taken} | "
                    + ", ".join(f"[{n}](#text-{n})" for n in sorted(set(shown))) + " |")
        if credits:
            notes.append(f"- {package['name']}: {'; '.join(dict.fromkeys(credits))}")

    two_face = next((package for package in packages if package["name"] == "two-face"), None)
    syntaxes = []
    for path, text in acknowledgements(two_face) if two_face else []:
        if beside_apache(text) == []:
            text = APACHE.replace("Copyright The farwatch authors", "Copyright [yyyy] [name of copyright owner]")
        syntaxes.append(f"| {path} | [{number_of(text)}](#text-{numbers[squeeze(text).lower()]}) |")
    own = []
    for path in sorted((ROOT / "report-templates").rglob("*")):
        if path.is_file() and LICENCE_NAME.match(path.name):
            own.append(f"| {path.relative_to(ROOT)} | [{number_of(path.read_text(encoding='utf-8'))}]"
                       f"(#text-{numbers[squeeze(path.read_text(encoding='utf-8')).lower()]}) |")

    lines = [
        "# Third-party licences",
        "",
        "farwatch itself is licensed under MIT or Apache-2.0, at your choice (`LICENSE-MIT`, `LICENSE-APACHE`). This file lists",
        "what else is in the binary, with the texts. It is made by `python3 docs/third-party-licenses.py` from `Cargo.lock` and",
        "the sources of the crates; do not edit it by hand. See [supply-chain.md](supply-chain.md).",
        "",
        "Listed are the crates whose code is compiled in, over all systems that farwatch is built for. Procedural macros and",
        "build scripts run while farwatch is built and are not in it. Where the authors offer a choice, the licence taken is",
        "named.",
        "",
        "## Data inside the crates",
        "",
        "Some crates carry data under licences of their own. It is embedded unmodified.",
        "",
        "| data | crate | licence |",
        "| --- | --- | --- |",
        "| CSL citation styles and locales, © their authors, from the Citation Style Language project "
        "(<https://citationstyles.org>) | hayagriva | "
        "[CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/), see the crate's NOTICE; farwatch writes no "
        "bibliographies, the PDF engine brings them |",
        "| Syntax definitions and themes | two-face | each its own, below |",
        "| Hyphenation patterns | hypher | permissive licences (LPPL, MPL, MIT, BSD-3), stated in each file of "
        "<https://github.com/typst/hypher/tree/main/patterns> |",
        "| Character maps, fonts and colour profiles of the PDF engine | hayro-cmap, hayro-interpret, hayro-jpeg2000, krilla, "
        "typst-assets | with the crate, below |",
        "| Unicode and CLDR data | icu_*_data and others | Unicode-3.0 |",
        "",
        "The typst crates are published without the NOTICE file of their repository; it is at",
        "<https://github.com/typst/typst/blob/v0.15.1/NOTICE>.",
        "",
        "The Rust standard library is compiled in as well: MIT or Apache-2.0, © The Rust Project contributors; its own third",
        "parties are named in <https://github.com/rust-lang/rust/blob/master/COPYRIGHT>.",
        "",
        "The texts of FAR 52.204-21, 32 CFR Part 170, the CMMC Assessment Guide and NIST SP 800-171A that farwatch quotes are",
        "works of the United States Government (17 U.S.C. § 105).",
        "",
        "## Crates",
        "",
        f"{len(rows)} crates.",
        "",
        "| crate | licence | texts |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]
    if own:
        lines += ["## Files of farwatch that others made", "", "| file | text |", "| --- | --- |", *own, ""]
    if syntaxes:
        lines += ["## Syntax definitions inside two-face", "", "| definition | text |", "| --- | --- |", *syntaxes, ""]
    if notes:
        lines += ["## Copyright lines beside the Apache License", "",
                  "These crates use the standard terms (text 1) and add:", "", *notes, ""]
    lines += ["## Texts", ""]
    for at, text in enumerate(order, 1):
        # A fence that is longer than any run of backticks inside.
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
        body = "\n".join(line.rstrip().replace("\t", "    ") for line in text.strip("\n").splitlines())
        lines += [f"<a id=\"text-{at}\"></a>", f"### Text {at}", "", f"{fence}text", body, fence, ""]
    result = "\n".join(lines)
    if "--check" in sys.argv:
        if not OUT.exists() or OUT.read_text(encoding="utf-8") != result:
            raise SystemExit(f"{OUT.relative_to(ROOT)} is not up to date; run python3 docs/third-party-licenses.py")
        print(f"{OUT.relative_to(ROOT)} is up to date")
        return
    OUT.write_text(result, encoding="utf-8")
    print(f"wrote {OUT.relative_to(ROOT)}: {len(rows)} crates, {len(order)} texts")


main()
