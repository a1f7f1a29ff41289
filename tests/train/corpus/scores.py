"""Small scores in several notations, as a person would write them."""

from pathlib import Path

# A pickup of a quarter, a tie over the bar line, a chord, a grace note, a chord symbol, and a
# second part: everything that has to be flattened.
MUSICXML = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1">
  <work><work-title>A little Sarabande</work-title></work>
  <part-list>
    <score-part id="P1"><part-name>Upper</part-name></score-part>
    <score-part id="P2"><part-name>Lower</part-name></score-part>
  </part-list>
  <part id="P1">
    <measure number="0" implicit="yes">
      <attributes><divisions>2</divisions>
        <key><fifths>-1</fifths><mode>minor</mode></key>
        <time><beats>3</beats><beat-type>4</beat-type></time>
      </attributes>
      <note><pitch><step>A</step><octave>4</octave></pitch><duration>2</duration></note>
    </measure>
    <measure number="1">
      <harmony><root><root-step>D</root-step></root><kind>minor</kind></harmony>
      <note><grace/><pitch><step>E</step><octave>5</octave></pitch></note>
      <note><pitch><step>D</step><octave>5</octave></pitch><duration>4</duration></note>
      <note><chord/><pitch><step>F</step><octave>5</octave></pitch><duration>4</duration></note>
      <note><pitch><step>C</step><alter>1</alter><octave>5</octave></pitch><duration>2</duration>
        <tie type="start"/></note>
    </measure>
    <measure number="2">
      <note><pitch><step>C</step><alter>1</alter><octave>5</octave></pitch><duration>2</duration>
        <tie type="stop"/></note>
      <note><rest/><duration>2</duration></note>
      <note><pitch><step>D</step><octave>5</octave></pitch><duration>2</duration></note>
    </measure>
  </part>
  <part id="P2">
    <measure number="0" implicit="yes">
      <attributes><divisions>1</divisions></attributes>
      <note><rest/><duration>1</duration></note>
    </measure>
    <measure number="1">
      <note><pitch><step>D</step><octave>3</octave></pitch><duration>3</duration></note>
    </measure>
    <measure number="2">
      <note><pitch><step>A</step><octave>2</octave></pitch><duration>2</duration></note>
      <note><pitch><step>D</step><octave>3</octave></pitch><duration>1</duration></note>
    </measure>
  </part>
</score-partwise>
"""

CLARINET = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1">
  <part-list><score-part id="P1"><part-name>Clarinet in A</part-name></score-part></part-list>
  <part id="P1">
    <measure number="1">
      <attributes><divisions>1</divisions>
        <key><fifths>0</fifths><mode>major</mode></key>
        <time><beats>4</beats><beat-type>4</beat-type></time>
        <transpose><diatonic>-2</diatonic><chromatic>-3</chromatic></transpose>
      </attributes>
      <note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration></note>
    </measure>
  </part>
</score-partwise>
"""

ABC = """L:1/8
% two tunes; the unit of length above is for both

X:1
T:First
M:6/8
K:G
D|"G"GAB B2A|(3GAB A2 G2|]

X:2
T:Second
M:2/4
L:1/16
K:Em
E4 F4|G8|]
"""

KERN = """**kern
*clefF4
*k[f#]
*G:
*M3/4
=1-
4GG
4D
8B
8A
=2
4.B
8D
[4B
=3
2B]
4r
==
*-
"""

# A drum and a note in one chord, a key signature by single steps, and a bar of 33/4.
PERCUSSION = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1">
  <part-list><score-part id="P1"><part-name>Cello</part-name></score-part></part-list>
  <part id="P1">
    <measure number="1">
      <attributes><divisions>1</divisions>
        <key><key-step>B</key-step><key-alter>-1</key-alter></key>
        <time><beats>3</beats><beat-type>4</beat-type></time>
      </attributes>
      <note><unpitched><display-step>E</display-step><display-octave>4</display-octave></unpitched>
        <duration>3</duration></note>
      <note><chord/><pitch><step>C</step><octave>3</octave></pitch><duration>3</duration></note>
    </measure>
    <measure number="2">
      <attributes><time><beats>33</beats><beat-type>4</beat-type></time></attributes>
      <note><pitch><step>D</step><octave>3</octave></pitch><duration>33</duration></note>
    </measure>
    <measure number="3">
      <attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>
      <note><pitch><step>C</step><octave>3</octave></pitch><duration>3</duration></note>
    </measure>
  </part>
</score-partwise>
"""

# Signatures as elements, an upbeat that is not counted, and a chord of which one note is tied.
MEI = """<?xml version="1.0" encoding="UTF-8"?>
<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">
  <meiHead><fileDesc><titleStmt><title>Sarabande</title></titleStmt><pubStmt/></fileDesc></meiHead>
  <music><body><mdiv><score>
    <scoreDef><staffGrp><staffDef n="1" lines="5" clef.shape="F" clef.line="4">
      <keySig sig="1f" mode="minor"/><meterSig count="3" unit="4"/>
    </staffDef></staffGrp></scoreDef>
    <section>
      <measure n="X1" metcon="false"><staff n="1"><layer n="1">
        <note pname="a" oct="3" dur="4"/>
      </layer></staff></measure>
      <measure n="1"><staff n="1"><layer n="1">
        <chord dur="2" dots="1">
          <note xml:id="d1" pname="d" oct="3"/><note xml:id="f1" pname="f" oct="3"/>
        </chord>
      </layer></staff><tie startid="#d1" endid="#d2"/></measure>
      <measure n="2"><staff n="1"><layer n="1">
        <chord dur="2" dots="1">
          <note xml:id="d2" pname="d" oct="3"/><note xml:id="f2" pname="f" oct="3"/>
        </chord>
      </layer></staff></measure>
    </section>
  </score></mdiv></body></music>
</mei>
"""

ONE_LILYPOND_SCORE = r"""\version "2.24.0"
\score { { \key d \minor \time 3/4 d'4 f'4 <a' d''>4 } \layout { } \midi { } }
"""

TWO_LILYPOND_SCORES = (
    ONE_LILYPOND_SCORE
    + r"""\score { { \key g \major \time 4/4 g'2 b'2 } \layout { } \midi { } }
"""
)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
