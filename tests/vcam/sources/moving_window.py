"""A window for tests: TITLE and pictures (PPM), which take turns ten times a second below a bar of black."""

import sys
import tkinter


def show(title: str, bar: int, files: list[str]) -> None:
    root = tkinter.Tk(className=title)
    root.title(title)
    pictures = [tkinter.PhotoImage(file=name) for name in files]
    width, height = pictures[0].width(), pictures[0].height()
    root.geometry(f"{width}x{height + 2 * bar}+60+40")
    canvas = tkinter.Canvas(root, bg="black", highlightthickness=0, width=width, height=height + 2 * bar)
    canvas.pack()
    item = canvas.create_image(0, bar, anchor="nw", image=pictures[0])
    turn = 0

    def go_on() -> None:
        nonlocal turn
        turn += 1
        canvas.itemconfig(item, image=pictures[turn % len(pictures)])
        root.after(100, go_on)

    go_on()
    root.update()
    print("shown", flush=True)
    root.mainloop()


if __name__ == "__main__":
    show(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
