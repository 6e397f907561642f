"""Runs a program in a terminal of its own: in_terminal.py COLUMNS ROWS PROGRAM ARGS...

What the program writes goes to standard output. Lines of standard input are orders:
    key TEXT          types TEXT
    size COLUMNS ROWS gives the terminal another size
    signal NUMBER     sends the program a signal
When the program has ended, "EXIT CODE" is written (a signal that ended it as a negative number) on a line of its own.
"""
import fcntl, os, pty, select, signal, struct, sys, termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def obey(line, terminal, pid):
    order, _, rest = line.partition(" ")
    if order == "key":
        os.write(terminal, rest.encode())
    elif order == "size":
        resize(terminal, *map(int, rest.split()))
        os.kill(pid, signal.SIGWINCH)
    elif order == "signal":
        os.kill(pid, int(rest))


def main():
    columns, rows, *program = sys.argv[1:]
    pid, terminal = pty.fork()
    if pid == 0:
        resize(0, int(columns), int(rows))
        os.execvp(program[0], program)
    orders = b""
    inputs = [terminal, 0]
    while terminal in inputs:
        for ready in select.select(inputs, [], [])[0]:
            try:
                data = os.read(ready, 65536)
            except OSError:
                data = b""
            if data == b"":
                inputs.remove(ready)
            elif ready == terminal:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            else:
                *lines, orders = (orders + data).split(b"\n")
                for line in lines:
                    obey(line.decode(), terminal, pid)
    _, status = os.waitpid(pid, 0)
    print(f"\nEXIT {os.waitstatus_to_exitcode(status)}", flush=True)


main()
