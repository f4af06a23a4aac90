from pathlib import Path

from distill.evaluate.machine import cpu_model, current_commit, describe_machine


def test_the_processors_name_is_read_from_linux(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A Fast One\nflags\t\t: fpu\n")
    assert cpu_model(cpuinfo) == "A Fast One"


def test_elsewhere_the_platform_names_it(tmp_path: Path) -> None:
    assert cpu_model(tmp_path / "nothing")


def test_the_machine_says_what_computes() -> None:
    found = describe_machine(3)
    assert found["threads"] == 3
    assert {"python", "onnxruntime", "opencv", "ffmpeg"} <= set(found["versions"])
    assert all(found["versions"].values())


def test_the_commit_is_of_this_checkout_or_empty() -> None:
    assert current_commit() == "" or len(current_commit().removesuffix("-dirty")) >= 7
