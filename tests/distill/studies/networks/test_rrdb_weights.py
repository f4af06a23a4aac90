from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from weight_files import tiny_rrdb, with_old_names, write_ncnn

from distill.studies.networks.rrdb_weights import load_rrdb
from distill.studies.networks.rrdbnet import RRDBNet
from vcam.errors import ModelError


@pytest.fixture(scope="module")
def network() -> RRDBNet:
    return tiny_rrdb()


@pytest.fixture(scope="module")
def seen() -> Tensor:
    return torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


@torch.no_grad()
def same(left: nn.Module, right: nn.Module, seen: Tensor) -> bool:
    return torch.equal(left(seen), right(seen))


@pytest.mark.parametrize("wrapper", ["", "params_ema", "params", "state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("is_old", [True, False])
def test_names_old_and_new_make_the_same_network(
    network: RRDBNet, seen: Tensor, tmp_path: Path, is_old: bool, prefix: str, wrapper: str
) -> None:
    weights = network.state_dict()
    named = {prefix + key: value for key, value in (with_old_names(weights) if is_old else weights).items()}
    torch.save({wrapper: named} if wrapper else named, tmp_path / "x.pth")
    assert same(load_rrdb(tmp_path / "x.pth"), network, seen)


def test_old_names_are_those_of_bsrgan(network: RRDBNet) -> None:
    names = with_old_names(network.state_dict())
    inner = {f"RRDB_trunk.{n}.RDB{m}.conv{k}" for n in range(3) for m in (1, 2, 3) for k in range(1, 6)}
    outer = {"conv_first", "trunk_conv", "upconv1", "upconv2", "HRconv", "conv_last"}
    assert {name.removesuffix(".weight") for name in names if name.endswith(".weight")} == inner | outer


@pytest.mark.parametrize("suffix", [".param", ".bin"])
@pytest.mark.parametrize("is_fp16", [True, False])
def test_an_ncnn_model_makes_the_same_network(
    network: RRDBNet, seen: Tensor, tmp_path: Path, is_fp16: bool, suffix: str
) -> None:
    write_ncnn(tmp_path / "x", convolutions(network), is_fp16)
    assert same(load_rrdb(tmp_path / f"x{suffix}"), network, seen)


@pytest.mark.parametrize(("scale", "unshuffle"), [(2, 1), (2, 2), (1, 4), (1, 2)])
def test_the_scale_is_told_from_the_weights(seen: Tensor, tmp_path: Path, scale: int, unshuffle: int) -> None:
    made = tiny_rrdb(scale, unshuffle)
    torch.save(made.state_dict(), tmp_path / "x.pth")
    loaded = load_rrdb(tmp_path / "x.pth")
    assert (loaded.scale, loaded.unshuffle) == (scale, unshuffle)
    assert same(loaded, made, seen)


def test_missing_and_unexpected_names_are_told(network: RRDBNet, tmp_path: Path) -> None:
    weights = network.state_dict()
    weights["trunk_converse.weight"] = weights.pop("conv_body.weight")
    torch.save(weights, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"missing conv_body\.weight; unexpected trunk_converse\.weight"):
        load_rrdb(tmp_path / "x.pth")


def test_only_the_first_of_many_wrong_names_are_told(network: RRDBNet, tmp_path: Path) -> None:
    torch.save({f"model.{key}": value for key, value in network.state_dict().items()}, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"unexpected .* and \d+ more") as failure:
        load_rrdb(tmp_path / "x.pth")
    assert len(str(failure.value)) < 500 + len(str(tmp_path))


def test_a_tensor_of_another_shape_is_told(network: RRDBNet, tmp_path: Path) -> None:
    torch.save(network.state_dict() | {"conv_hr.bias": torch.zeros(5)}, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"conv_hr\.bias \(5,\) for \(6,\)"):
        load_rrdb(tmp_path / "x.pth")


def test_an_ncnn_model_of_another_network_is_refused(network: RRDBNet, tmp_path: Path) -> None:
    write_ncnn(tmp_path / "x", convolutions(network)[:-3])
    with pytest.raises(ModelError, match="48 convolutions; an RRDBNet has 15 a block"):
        load_rrdb(tmp_path / "x.bin")


def test_ncnn_convolutions_in_another_order_are_refused(network: RRDBNet, tmp_path: Path) -> None:
    write_ncnn(tmp_path / "x", convolutions(network)[::-1])
    with pytest.raises(ModelError, match="of another shape"):
        load_rrdb(tmp_path / "x.bin")
