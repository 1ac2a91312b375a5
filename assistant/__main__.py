"""The commands of the assistant, one file each in `commands/`. Results on stdout, progress on stderr."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from assistant.errors import HouseError

Command = Callable[[argparse.Namespace], Coroutine[Any, Any, int]]

# Nothing of a shopper's words leaves for a tracing service because an environment variable happens to be set.
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGCHAIN_TRACING_V2"] = "false"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m assistant", description="店伴：网店自己运行的客服助手")
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")

    serve = commands.add_parser("serve", help="启动服务")
    demo = commands.add_parser("demo", help="装入演示店并启动服务")
    for command in (serve, demo):
        command.add_argument("--host", help="监听地址，默认取 HOST")
        command.add_argument("--port", type=int, help="监听端口，默认取 PORT")
    demo.add_argument("--load-only", action="store_true", help="只装入演示店，不启动")

    ask = commands.add_parser("ask", help="问一个问题，或用 --file 问许多")
    ask.add_argument("question", nargs="?", help="顾客的话")
    ask.add_argument("--shop", required=True, help="店铺编号，例如 demo")
    ask.add_argument("--order", help="订单号")
    ask.add_argument("--now", help="当作这个时刻来回答（ISO 8601，不带时区按北京时间）")
    ask.add_argument("--json", action="store_true", help="输出一份 JSON")
    ask.add_argument("--file", help="输入 jsonl，一行一段对话")
    ask.add_argument("--out", help="输出 jsonl；不写就打到屏幕")

    chat = commands.add_parser("chat", help="在终端里聊")
    chat.add_argument("--shop", required=True)

    trace = commands.add_parser("trace", help="为什么这样答")
    trace.add_argument("talk", help="对话编号")
    trace.add_argument("--json", action="store_true")

    shop = commands.add_parser("shop", help="自己的店：建文件夹、检查").add_subparsers(
        dest="action", required=True, metavar="动作"
    )
    new = shop.add_parser("new", help="建一个店铺文件夹，里面是可以改的文件")
    new.add_argument("shop", help="店铺编号，字母数字，例如 my-shop")
    new.add_argument("--name", help="店名，显示给顾客")
    shop.add_parser("check", help="检查店铺文件夹").add_argument("shop")

    staff = commands.add_parser("staff", help="员工账号").add_subparsers(dest="action", required=True, metavar="动作")
    add = staff.add_parser("add", help="加入或修改；密码从键盘或标准输入读")
    add.add_argument("name", help="登录名")
    add.add_argument("--role", required=True, choices=("agent", "merchant", "qa", "admin"), help="角色")
    add.add_argument("--shop", nargs="+", default=["*"], help="负责的店铺，默认全部")
    add.add_argument("--shown", default="", help="顾客看到的称呼，例如 客服小周")
    staff.add_parser("remove", help="去掉").add_argument("name")
    staff.add_parser("list", help="全部账号")

    clock = commands.add_parser("clock", help="服务指标：各平台回复率、转人工率、解决率、满意度，和每项里没做到的会话")
    clock.add_argument("--shop", required=True, help="店铺编号，例如 demo")
    clock.add_argument("--since", help="从哪天起（2026-11-01，北京时间）；不写就是全部")
    clock.add_argument("--json", action="store_true", help="输出一份 JSON")

    doctor = commands.add_parser("doctor", help="设置、版本、连得上什么、哪里降级了")
    doctor.add_argument("--json", action="store_true")

    from assistant.policy import cli as policy

    policy.add_parser(commands)
    return parser


def _run(args: argparse.Namespace) -> int:
    # Imported on use: `policy lint` needs no web server, `--help` needs nothing.
    if args.command == "policy":
        from assistant.policy import cli as policy

        return policy.run(args)
    command: Command = importlib.import_module(f"assistant.commands.{args.command}").run
    return asyncio.run(command(args))


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit status is 0 (done), 1 (ran, the answer is no) or 2 (wrong use or bad input)."""
    try:
        return _run(_parser().parse_args(argv))
    except HouseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
