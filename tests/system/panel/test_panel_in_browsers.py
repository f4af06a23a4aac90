"""The panel as a person uses it: in real browsers, with a real camera behind it."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from panel_page import TABS, PanelPage
from panel_session import CONFIG, PanelSession

pytestmark = pytest.mark.timeout(300)  # each wait has its own limit

MOST_BYTES = 150_000  # of the page without its pictures, so that it is there at once
USUAL = {
    **{"strength": 1, "crispness": 0, "denoise": 1, "light": 0, "mirror": False, "flip": False},
    **{"rotate": 0, "zoom": 1, "pan_x": 0, "pan_y": 0, "overlay": "off", "wipe": 0.5, "link": "off"},
    **{"card_title": "", "card_text": ""},
}


@pytest.fixture(autouse=True)
def _usual(session: PanelSession) -> None:
    """Every test begins with the same settings."""
    session.client.command(set=USUAL, resume=True, freeze=False)
    session.until("the picture", session.is_running)


def difference(before: np.ndarray, after: np.ndarray) -> float:
    return float(np.abs(before - after).mean())


def mean_wipe(panel: PanelPage) -> int:
    return int(panel.page.get_attribute("#divider", "aria-valuenow") or -1)


def test_the_page_is_small_and_asks_nobody_else(open_panel: Callable[..., PanelPage]) -> None:
    panel = open_panel()
    entries = panel.page.evaluate(
        "performance.getEntriesByType('resource').map((each) => [each.name, each.transferSize])"
    )
    home = panel.page.url.split("#")[0]
    assert [name for name, _ in entries if not name.startswith((home, "blob:"))] == []
    files = [size for name, size in entries if name.endswith((".js", ".css", ".svg"))]
    assert len(files) > 5
    assert sum(files) < MOST_BYTES


@pytest.mark.in_firefox
def test_the_picture_moves(panel: PanelPage) -> None:
    first = panel.pixels()
    assert first.std() > 10  # it is a picture, not one colour
    # of 255, over a downscaled picture: far above the noise of a still one, which averages out
    panel.until("a picture that has moved", lambda: difference(first, panel.pixels()) > 1)
    panel.keep("desktop")


@pytest.mark.in_firefox
def test_the_wipe_is_dragged(panel: PanelPage) -> None:
    box = panel.page.locator("#stage").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    panel.page.mouse.move(box["x"] + box["width"] / 2, middle)
    panel.page.mouse.down()
    panel.page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    panel.page.mouse.up()
    assert mean_wipe(panel) == pytest.approx(25, abs=1)
    edge = panel.page.evaluate("getComputedStyle(document.querySelector('.after')).clipPath")
    assert edge.startswith("inset(0px 0px 0px 25") or edge.startswith("inset(0px 0px 0px 24.")
    panel.page.mouse.move(box["x"] + 10, middle)  # nothing is held now
    assert mean_wipe(panel) == pytest.approx(25, abs=1)


# each control, what its user does, and what the camera then has
def set_range(panel: PanelPage, control: Any) -> float:
    low, high, now = (float(control.evaluate(f"(each) => each.{key}")) for key in ("min", "max", "value"))
    wanted = high if now < (low + high) / 2 else low
    control.press("End" if wanted == high else "Home")
    return wanted


def set_checkbox(panel: PanelPage, control: Any) -> bool:
    control.click()
    return bool(control.is_checked())


def set_text(panel: PanelPage, control: Any) -> str:
    control.press_sequentially("Back soon")
    control.press("Tab")
    return "Back soon"


def set_number(panel: PanelPage, control: Any) -> float:
    control.select_option(index=1)
    return float(control.input_value())


WAYS = {"range": set_range, "checkbox": set_checkbox, "text": set_text, "number": set_number}


@pytest.mark.in_firefox
@pytest.mark.usefixtures("still")
def test_every_control_reaches_the_published_picture(panel: PanelPage, session: PanelSession) -> None:
    session.client.command(set={"zoom": 2, "overlay": "wipe"})  # with these, all controls are there
    reached = []
    for tab in TABS:
        panel.open_tab(tab)
        for control in panel.page.locator(f"#panel-{tab} [data-set]").all():
            control.wait_for(state="visible")
            name = control.get_attribute("data-set") or ""
            if session.setting(name) is None:  # which the running model does not have
                assert control.is_disabled(), name
                continue
            panel.until(f"{name} to be there to set", control.is_enabled)
            way = control.get_attribute("data-kind") or control.get_attribute("type") or ""
            wanted = WAYS[way](panel, control)
            panel.until(f"{name} to be {wanted}", lambda: session.setting(name) == wanted)  # noqa: B023
            reached.append(name)
    assert {"strength", "light", "mirror", "rotate", "zoom", "pan_x", "card_title"} <= set(reached)


def test_a_mirrored_picture_is_the_picture_mirrored(panel: PanelPage) -> None:
    still = panel.pixels()[:, [0, 1, 2, -3, -2, -1]]  # where the background is seen
    panel.page.check("#mirror")
    panel.until(
        "the sides to change places",
        lambda: difference(still[:, ::-1], panel.pixels()[:, [0, 1, 2, -3, -2, -1]]) < 12,
    )
    assert difference(still, panel.pixels()[:, [0, 1, 2, -3, -2, -1]]) > 25


def test_the_published_picture_is_dragged_where_it_is_zoomed(panel: PanelPage, session: PanelSession) -> None:
    session.client.command(set={"zoom": 2})
    panel.page.wait_for_selector("#stage[data-pans=true]")
    box = panel.page.locator("#stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2
    panel.page.mouse.move(x, y)
    panel.page.mouse.down()
    panel.page.mouse.move(x - box["width"] / 4, y, steps=4)
    panel.page.mouse.up()
    panel.until("its right to be seen", lambda: session.setting("pan_x") == pytest.approx(0.5, abs=0.05))
    assert mean_wipe(panel) == 50


def test_overlay_pause_and_freeze(panel: PanelPage, session: PanelSession) -> None:
    panel.page.check("input[name=overlay][value=fps]")
    panel.until("the overlay", lambda: session.setting("overlay") == "fps")
    panel.page.click("#pause")
    panel.page.wait_for_selector("#stage[data-shows=card]")
    assert session.client.status()["state"].startswith("paused")
    panel.until("the way back", lambda: panel.text("pause") == "Resume")
    panel.page.click("#pause")
    panel.page.wait_for_selector("#stage[data-shows=picture]")
    panel.page.click("#freeze")
    panel.until("the freeze", lambda: session.client.status()["is_frozen"])


def test_a_link_is_simulated_and_its_gain_is_told(panel: PanelPage, session: PanelSession) -> None:
    panel.open_tab("network")
    panel.page.check("input[name=link][value='270p']")
    panel.until("the link", lambda: session.setting("link") == "270p")
    panel.page.select_option("#link-codec", "vp8")
    panel.until("its codec", lambda: session.setting("link") == "270p,codec=vp8")
    panel.until("the gain", lambda: panel.text("link-gain") != "–")
    assert "kbps" in panel.page.inner_text("#link")
    panel.keep("network")


def test_a_bandwidth_is_drawn(panel: PanelPage, session: PanelSession) -> None:
    session.client.command(set={"link": "270p"})
    panel.open_tab("network")
    plot = panel.page.locator("#trace-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    panel.page.mouse.move(box["x"] + 11, box["y"] + 2)  # beside the round corner
    panel.page.mouse.down()
    panel.page.mouse.move(box["x"] + box["width"] - 11, box["y"] + box["height"] - 2, steps=30)
    panel.page.mouse.up()
    panel.until("the trace", lambda: "trace=" in session.setting("link"))
    rates = [float(rate) for rate in session.setting("link").partition("trace=")[2].split(":")]
    assert len(rates) == 30
    assert rates == sorted(rates, reverse=True)
    assert (rates[0] > 3000, rates[-1] < 40) == (True, True)
    panel.page.click("#trace-off")
    panel.until("its end", lambda: session.setting("link") == "270p")


def test_what_is_not_saved_is_saved_or_taken_back(panel: PanelPage, session: PanelSession) -> None:
    panel.page.check("#mirror")
    panel.until(
        "it to be named", lambda: "mirror" in (panel.page.get_attribute("#unsaved-text", "title") or "")
    )
    panel.page.click("#save")
    panel.until("nothing to be unsaved", lambda: not panel.page.is_visible("#unsaved"))
    panel.page.uncheck("#mirror")
    panel.page.click("#revert")
    panel.until("what was saved", lambda: session.setting("mirror") is True)
    session.client.command(set={"mirror": False})
    session.client.command(save=True)


def test_a_preset_is_kept_used_and_deleted(panel: PanelPage, session: PanelSession) -> None:
    session.client.command(set={"light": 0.5})
    panel.page.fill("#preset-name", "evening")
    panel.page.keyboard.press("Enter")
    panel.page.wait_for_selector("#preset-list li")
    session.client.command(set={"light": 0})
    panel.page.click("[aria-label='Use evening']")
    panel.until("its light", lambda: session.setting("light") == 0.5)
    panel.page.click("[aria-label='Delete evening']")
    panel.until("its end", lambda: panel.page.locator("#preset-list li").count() == 0)


@pytest.mark.in_firefox
def test_a_snapshot_and_a_recording_are_taken(panel: PanelPage, session: PanelSession) -> None:
    picture = cv2.imread(str(panel.download("snapshot")))
    assert picture is not None
    assert picture.shape == (360, 640, 3)
    panel.page.click("#record")
    panel.page.wait_for_selector("#recording:visible")
    panel.until(
        "a second of it", lambda: (session.client.status()["recording"] or {"seconds": 0})["seconds"] > 1
    )
    panel.page.click("#record")
    panel.until("its end", lambda: session.client.status()["recording"] is None)


def test_numbers_models_and_findings_are_shown(panel: PanelPage) -> None:
    panel.open_tab("numbers")
    panel.page.wait_for_selector(".chart path")
    assert "Frame rate" in (panel.page.get_attribute(".chart svg", "aria-label") or "")
    panel.open_tab("model")
    panel.page.wait_for_selector("#model-choices input[value=fast]")
    panel.page.click("text=Model card of")
    assert panel.page.locator("#model-cards table").first.is_visible()
    panel.open_tab("help")
    panel.page.wait_for_selector("#findings li")


def test_what_the_camera_refuses_is_said(panel: PanelPage, session: PanelSession) -> None:
    panel.page.evaluate("import('./commands.js').then(({ act }) => act({ set: { link: '9000p' } }))")
    panel.page.wait_for_selector("#failure:visible")
    assert "9000p" in panel.text("failure-text")
    panel.page.click("#failure-close")
    assert not panel.page.is_visible("#failure")
    panel.faults.clear()  # the refusal itself


@pytest.mark.parametrize("end", ["#key=wrong", ""])
def test_without_a_valid_key_the_page_says_so_in_words(panel: PanelPage, end: str) -> None:
    address = panel.page.url.split("#")[0]
    page = panel.new_tab()
    page.goto(f"{address}{end}")
    page.wait_for_selector("#expired:visible")
    assert "sharpkd open" in page.inner_text("#expired")
    assert not page.is_visible("main")
    page.screenshot(path=panel.keep("locked"))
    assert all("403" in fault for fault in panel.faults)
    panel.faults.clear()


def test_two_tabs_show_the_same(panel: PanelPage, session: PanelSession) -> None:
    other = panel.new_tab()
    other.goto(session.client.page_url())
    other.wait_for_selector("#stage[data-shows=picture]")
    panel.page.bring_to_front()
    panel.page.focus("#strength")
    panel.page.keyboard.press("Home")
    panel.until("the setting", lambda: session.setting("strength") == 0)
    other.bring_to_front()
    panel.until("the other tab to show it", lambda: other.inner_text("#strength-value") == "0%")


def mark(panel: PanelPage) -> None:
    """A page that is loaded again forgets this."""
    panel.page.evaluate("window.mark = 'the same page'")


def goes_on(panel: PanelPage) -> None:
    """The very page shows a live picture again."""
    panel.page.wait_for_selector("#state[data-tone=good]")
    first = panel.pixels()
    panel.until("a picture that moves again", lambda: difference(first, panel.pixels()) > 1)
    assert panel.page.evaluate("window.mark") == "the same page"
    assert not panel.page.is_visible("#silent")


def test_the_page_survives_a_restart_with_another_rate(panel: PanelPage, session: PanelSession) -> None:
    mark(panel)
    panel.open_tab("camera")
    panel.page.select_option("#output-fps", "15")
    assert panel.text("output-go") == "Restart with 640 × 360 at 15 fps"
    panel.page.click("#output-go")
    panel.until("the restart", lambda: panel.text("output-go") == "As it is now")
    assert panel.page.input_value("#output-fps") == "15"
    goes_on(panel)
    session.client.command(restart={"fps": CONFIG.fps})


@pytest.mark.parametrize("is_stopped", [False, True])
def test_the_page_goes_on_after(panel: PanelPage, session: PanelSession, is_stopped: bool) -> None:
    """After a crash, and after a stop by its own button."""
    mark(panel)
    if is_stopped:
        panel.page.click("#stop")
        panel.page.click("#stop-yes")
    else:
        session.crash()
    panel.page.wait_for_selector("#silent:visible")
    said = "SharpKD Camera is stopped." if is_stopped else "SharpKD Camera is not answering."
    assert panel.text("silent-text") == said
    session.start()
    goes_on(panel)
    panel.faults.clear()  # of the time without an answer


def focused(panel: PanelPage) -> str:
    return str(panel.page.evaluate("document.activeElement.id || document.activeElement.name || ''"))


def has_outline(panel: PanelPage) -> bool:
    """Whether the focus can be seen: an outline of its own, or of what stands for it."""
    script = """() => {
        const focused = document.activeElement;
        const grip = focused.querySelector('.grip');
        const shown = [focused, focused.nextElementSibling, grip, focused.closest('label')];
        return shown.some((each) => each && getComputedStyle(each).outlineStyle !== 'none');
    }"""
    return bool(panel.page.evaluate(script))


@pytest.mark.in_firefox
def test_all_of_it_can_be_reached_by_tab(panel: PanelPage, session: PanelSession) -> None:
    seen: list[str] = []
    for _ in range(60):
        panel.page.keyboard.press("Tab")
        if not panel.page.evaluate("document.hasFocus()"):  # it is in Firefox's own bars now
            break
        name = focused(panel)
        if name == "divider":
            panel.page.keyboard.press("ArrowRight")
            assert mean_wipe(panel) == 52
        if name == "strength":
            panel.page.keyboard.press("Home")
            panel.until("the setting", lambda: session.setting("strength") == 0)
        if name and seen and name == seen[0]:
            break
        if name:
            assert has_outline(panel), name
            seen.append(name)
    wanted = {"pause", "freeze", "stop", "divider", "layout", "magnified", "fullscreen", "tab-picture"}
    assert wanted | {"panel-picture", "strength", "light", "mirror", "rotate", "zoom"} <= set(seen)


@pytest.mark.in_firefox
def test_tabs_and_the_dialog_are_used_by_keys(panel: PanelPage) -> None:
    panel.page.focus("#tab-picture")
    for tab in (*TABS[1:], TABS[0]):
        panel.page.keyboard.press("ArrowRight")
        assert panel.page.is_visible(f"#panel-{tab}")
    panel.page.focus("#stop")
    panel.page.keyboard.press("Enter")
    panel.page.wait_for_selector("#stop-dialog:visible")
    panel.page.keyboard.press("Escape")
    assert focused(panel) == "stop"


def test_a_judgement_is_kept_counted_and_deleted(panel: PanelPage, session: PanelSession) -> None:
    session.client.command(set={"strength": 0.5})
    panel.page.click("[data-opinion=better]")
    panel.until("its count", lambda: "1 better" in panel.text("opinion-count"))
    panel.page.focus("[data-opinion=worse]")
    panel.page.keyboard.press("Enter")
    panel.until("the next one", lambda: "1 better, 1 worse" in panel.text("opinion-count"))
    assert "strength 0.5" in session.sharpkd("mos", "live")
    panel.keep("judged")
    panel.page.click("#opinion-forget")
    panel.page.wait_for_selector("#opinion-forget", state="hidden")
    assert panel.page.evaluate("document.activeElement.dataset.opinion") == "better"
    assert "was not judged yet" in session.sharpkd("mos", "live")
