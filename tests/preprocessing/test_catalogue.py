import zipfile

import pytest

from onet_cli.errors import SourceError
from onet_cli.preprocessing.placement import Placement
from onet_cli.preprocessing.sources.catalogue import find_libraries, read_catalogue
from onet_cli.preprocessing.sources.properties import parse_properties
from tests.preprocessing.libraries import CATALOGUE, write_library


def test_properties_are_read_as_java_writes_them():
    text = (
        "# comment\n! comment\n\n a = 1\nb:2\nc 3\nlong=first \\\n   second\r\n"
        "d=x\\u00e9\\uD83D\\uDE00\n"
        "e\\ f=a\\tb\\\\\nid#1=Some#thing\nempty=\nlatin=\xe9\nlone=\\uD83D!\nd2=end\\\\\nlast"
    )

    values = parse_properties(text.encode("latin-1"))

    assert values == {
        "a": "1",
        "b": "2",
        "c": "3",
        "long": "first second",
        "d": "xé😀",
        "e f": "a\tb\\",
        "id#1": "Some#thing",
        "empty": "",
        "latin": "é",
        "lone": "�!",
        "d2": "end\\",
        "last": "",
    }


def test_a_library_says_what_it_is_and_holds(tmp_path):
    catalogue = read_catalogue(write_library(tmp_path / "Oak & Co.sh3f"))

    terms = catalogue.terms()
    assert (catalogue.key, catalogue.name) == ("Oak & Co", "Oak models")
    assert terms.licence == "CC-BY 3.0 © Ana"
    assert terms.attribution == "Oak models 1.8. www.example.org. creators: Ana; Bo"
    chair, tilted, wrong = catalogue.objects
    assert (chair.id, chair.name, chair.category) == ("Oak#chair", "Chaise à bras", "Living room")
    assert (chair.model, chair.creator) == ("oak/chair/chair.obj", "Ana")
    assert chair.placement == Placement(None, (50.0, 90.5, 40.0))
    assert tilted.placement.rotation == (1, 0, 0, 0, 0, 1, 0, -1, 0)
    assert "width" not in wrong.problem
    assert "catalogue entry is invalid" in wrong.problem


def test_libraries_are_found_by_suffix_and_jars_by_content(tmp_path):
    write_library(tmp_path / "b.sh3f")
    (tmp_path / "furniture").mkdir()
    write_library(tmp_path / "furniture" / "a.sh3f")
    write_library(tmp_path / "program.jar", "com/x/DefaultFurnitureCatalog.properties")
    with zipfile.ZipFile(tmp_path / "other.jar", "w") as archive:
        archive.writestr("x.class", b"")

    found = [path.name for path in find_libraries(tmp_path)]

    assert found == ["a.sh3f", "b.sh3f", "program.jar"]
    assert len(read_catalogue(tmp_path / "program.jar").objects) == 3


def test_a_library_without_a_catalogue_is_refused(tmp_path):
    write_library(tmp_path / "a.sh3f", "Other.properties")

    with pytest.raises(SourceError, match="not a furniture library"):
        read_catalogue(tmp_path / "a.sh3f")


def test_the_first_lines_of_the_example_are_those_of_real_catalogues():
    assert parse_properties(CATALOGUE.encode("latin-1"))["model#1"] == "/oak/chair/chair.obj"
