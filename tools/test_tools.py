#!/usr/bin/env python3
"""The checkers are seen failing: each rule is broken once in a tree made for it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(TOOLS.parent / "bench" / folder) for folder in ("quick", "build")]
import build
import quick

LAYERS = """module base:
module coro: base
module task: base coro
module sync: base coro
open base coro
outside edo/edo.hpp
"""


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.write("tools/layers.txt", LAYERS)

    def write(self, file, text):
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_tool(self, tool, *arguments):
        done = subprocess.run([sys.executable, "-B", TOOLS / f"{tool}.py", "--root", self.root, *arguments],
                              capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def passes(self, tool, *arguments):
        code, output = self.run_tool(tool, *arguments)
        self.assertEqual(code, 0, output)

    def fails(self, tool, where, *arguments):
        code, output = self.run_tool(tool, *arguments)
        self.assertEqual((code, where in output, output.count("error")), (1, True, 1), output)


class Layers(ToolTest):
    def include(self, file, *headers):
        self.write(file, "#pragma once\n" + "".join(f"#include {h}\n" for h in headers))

    def test_right_way(self):
        self.include("include/edo/base/detail/list.hpp", "<vector>")
        self.include("include/edo/task/spawn.hpp", "<edo/coro/task.hpp>", "<edo/base/detail/list.hpp>")
        self.include("src/task/spawn.cpp", "<edo/task/detail/cell.hpp>", '"task/owned.hpp"')
        self.include("include/edo/edo.hpp", "<edo/task/spawn.hpp>")
        self.passes("check_layers")

    def test_upwards(self):
        self.include("include/edo/coro/task.hpp", "<edo/task/spawn.hpp>")
        self.fails("check_layers", "include/edo/coro/task.hpp:2: coro must not include task")

    def test_source_upwards(self):
        self.include("src/coro/task.cpp", '"task/owned.hpp"')
        self.fails("check_layers", "src/coro/task.cpp:2: coro must not include task")

    def test_sibling(self):
        self.include("include/edo/sync/mutex.hpp", "<edo/task/spawn.hpp>")
        self.fails("check_layers", "sync must not include task")

    def test_innards_of_another_module(self):
        self.write("tools/layers.txt", LAYERS.replace("sync: base coro", "sync: base coro task"))
        self.include("include/edo/sync/mutex.hpp", "<edo/task/detail/cell.hpp>")
        self.fails("check_layers", "is the innards of task")
        self.write("tools/layers.txt", LAYERS.replace("sync: base coro", "sync: base coro task")
                   + "allow include/edo/sync/* -> edo/task/detail/cell.hpp: a test\n")
        self.passes("check_layers")

    def test_exception_not_needed(self):
        self.write("tools/layers.txt", LAYERS + "allow src/sync/* -> edo/task/x.hpp: a test\n")
        self.fails("check_layers", "tools/layers.txt:7: no longer needed")

    def test_umbrella(self):
        self.include("src/task/spawn.cpp", "<edo/edo.hpp>")
        self.fails("check_layers", "gathers everything")

    def test_private_header_from_public_one(self):
        self.include("src/task/owned.hpp")
        self.include("include/edo/task/spawn.hpp", '"task/owned.hpp"')
        self.fails("check_layers", "must not include")

    def test_unknown_module(self):
        self.include("src/util/all.cpp")
        self.fails("check_layers", "belongs to no module")


class Orders(ToolTest):
    FILE = "include/edo/task/detail/state.hpp"

    def code(self, text):
        self.write(self.FILE, text)
        (self.root / "docs").mkdir(exist_ok=True)

    def test_named_partner(self):
        self.code("int f() {\n    // acquire: pairs with g()'s release\n    return word.load(acquire);\n}\n")
        self.passes("check_orders")
        self.assertIn("| `return word.load(acquire)` | g()'s release |",
                      (self.root / "docs/memory_orders.md").read_text())
        self.passes("check_orders", "--check")
        self.code("int f() { return word.load(acquire); } // pairs with h()\n")
        self.fails("check_orders", "docs/memory_orders.md:1: not what", "--check")

    def test_partner_within_the_statement_or_four_lines(self):
        self.code("bool f() {\n    // pairs with g()\n    int a;\n    int b;\n    int c;\n"
                  "    return word.compare_exchange(\n        a, b,\n        acq_rel, relaxed);\n}\n")
        self.passes("check_orders")
        self.code("// pairs with g()\nint a;\nint b;\nint c;\nint d;\nint v = word.load(acquire);\n")
        self.fails("check_orders", f"{self.FILE}:6: acquire without")

    def test_each_order(self):
        for call in ("x.load(detail::acquire)", "x.store(1, release)", "x.exchange(1, acq_rel)",
                     "fence(edo::detail::seq_cst)", "x.load(last ? acquire : relaxed)"):
            self.code(f"void f() {{ {call}; }}\n")
            self.fails("check_orders", f"{self.FILE}:1:")

    def test_other_words(self):
        self.code("void f() { s.acquire(1); p.release(); q->release(x); auto s = \"(acquire)\"; }\n")
        self.passes("check_orders")

    def test_standard_atomics(self):
        self.code("std::atomic<int> x;\n")
        self.fails("check_orders", "std::atomic may be named only in")


class Results(ToolTest):
    def record(self, lines):
        done = subprocess.run([sys.executable, "-B", TOOLS / "record_results.py", self.root / "page.md"],
                              input="".join(f"{line}\n" for line in lines), text=True, cwd=self.root)
        self.assertEqual(done.returncode, 0)
        return (self.root / "page.md").read_text()

    def test_rows_are_replaced_one_by_one(self):
        self.write("page.md", "before\n<!-- results -->\nNone yet.\n<!-- /results -->\nafter\n")
        self.record(["release\tok\t7\t10", "tsan\tFAILED\t3\t20"])
        page = self.record(["tsan\tok\t3\t30", "tidy\tok\t0\t40"])
        self.assertTrue(page.startswith("before\n") and page.endswith("<!-- /results -->\nafter\n"), page)
        rows = [line.split(" | ")[:4] for line in page.splitlines() if line.startswith("| ")]
        self.assertEqual(rows, [["| step", "result", "tests", "seconds"], ["| release", "ok", "7", "10"],
                                ["| tsan", "ok", "3", "30"], ["| tidy", "ok", "–", "40"]])

    def test_a_page_without_a_place(self):
        self.write("page.md", "no place\n")
        done = subprocess.run([sys.executable, "-B", TOOLS / "record_results.py", self.root / "page.md"],
                              input="", text=True, capture_output=True)
        self.assertEqual((done.returncode, "no place between" in done.stderr), (1, True))


class Headers(ToolTest):
    def test_good(self):
        self.write("include/edo/task/a.hpp", "/// What it is.\n#pragma once\n#include <vector>\n")
        self.write("include/edo/base/detail/fd.hpp", "#pragma once\n#include <unistd.h>\n")
        self.passes("check_headers")

    def test_no_pragma(self):
        self.write("include/edo/task/a.hpp", "#include <vector>\n#pragma once\n")
        self.fails("check_headers", "a.hpp:1: `#pragma once`")

    def test_system_header(self):
        for header in ("sys/epoll.h", "linux/futex.h", "unistd.h", "pthread.h"):
            self.write("include/edo/task/a.hpp", f"#pragma once\n#include <{header}>\n")
            self.fails("check_headers", f"a.hpp:2: <{header}>")


class Lint(ToolTest):
    BAD = (
        "co_await edo::spawn([]() -> edo::task<> { co_return; });",
        "int v = co_await rt.handle().spawn(f, 1);",
        "co_await edo::spawn_blocking([] { return 1; });",
        "co_await set.run([x] { return x; });",
        "co_await set.run([=] { return x; });",
        "co_await set.run([&, x = 1] { return x; });",
        "co_await f(config{1, name});",
        "co_await f({1, 2});",
        "co_await f(a, {1, 2});",
        "co_await awaiter{};",
        "co_yield std::string{\"a\"};",
        "co_yield pair{1, 2};",
        "if (auto v = co_await f(options{.n = 1})) return;",
    )
    GOOD = (
        "auto h = edo::spawn([x]() -> edo::task<> { co_return; }); co_await h;",
        "co_await f([] { return point{1}; });",
        "co_await f([&](int i) -> edo::task<> { std::vector<int> v{1, 2}; co_await g(i); });",
        "co_await f([&a, this] { return 1; });",
        "co_await f(v[i], m[k][j]);",
        "co_await edo::sleep_for(std::chrono::milliseconds{5});",
        "while (auto r = co_await set.join_next()) { total += point{1}.x; }",
        "if (co_await ready()) { use({1}); }",
        "co_return co_await h.join();",
        "co_await local.run_until([]() -> edo::task<> { co_return; });",
        "co_await set.spawned(); // a name that only begins so",
        "co_await f(config{1}); // lint: a test of exactly this",
    )

    def test_traps(self):
        for code in self.BAD:
            self.write("tests/a.cpp", f"\nvoid f() {{\n    {code}\n}}\n")
            self.fails("check_lint", "tests/a.cpp:3:")

    def test_harmless(self):
        for code in self.GOOD:
            self.write("tests/a.cpp", f"void f() {{\n    {code}\n}}\n")
            self.passes("check_lint")

    def test_pages(self):
        self.write("README.md", "text\n```cpp\nint a;\nco_await f({1});\n```\n```rust\nco_await f({1});\n```\n")
        self.fails("check_lint", "README.md:4:")


class Snippets(ToolTest):
    PAGE = "# Edo\n\n<!-- snippet: examples/a.cpp#one -->\n```cpp\n{}```\n"

    def test_region(self):
        self.write("examples/a.cpp", "int a;\n    // [one]\n    int b;\n        int c;\n    // [/one]\n")
        self.write("README.md", self.PAGE.format("old\n"))
        self.fails("sync_snippets", "README.md:1: a snippet differs", "--check")
        self.passes("sync_snippets")
        self.assertEqual((self.root / "README.md").read_text(), self.PAGE.format("int b;\n    int c;\n"))
        self.passes("sync_snippets", "--check")

    def test_missing(self):
        self.write("README.md", self.PAGE.format(""))
        self.fails("sync_snippets", "README.md:3: examples/a.cpp does not exist")
        self.write("examples/a.cpp", "int a;\n")
        self.fails("sync_snippets", "has no region", "--check")

    def test_marker_alone(self):
        self.write("docs/a.md", "<!-- snippet: examples/a.cpp#one -->\n\ntext\n")
        self.fails("sync_snippets", "docs/a.md:1: a snippet marker")

    def test_code_without_mark(self):
        for page in ("README.md", "docs/a.md"):
            for fence in ("```cpp", "```c++", "```C++ title", "  ``` cpp", "~~~cpp"):
                self.write(page, f"text\n\n{fence}\nint a;\n{fence.strip()[:3]}\n")
                self.fails("sync_snippets", f"{page}:3: C++ without a snippet mark", "--check")
            self.write(page, "```text\nint a;\n```\n```cmake\na()\n```\n```\nint a;\n```\n    int a;\n")
            self.passes("sync_snippets", "--check")

    def test_mark_covers_one_block(self):
        self.write("examples/a.cpp", "// [one]\nint a;\n// [/one]\n")
        page = self.PAGE.format("int a;\n")
        self.write("README.md", page + "\n```cpp\nint b;\n```\n")
        self.fails("sync_snippets", "README.md:8: C++ without a snippet mark", "--check")
        self.write("README.md", page + "\n" + page)
        self.passes("sync_snippets", "--check")


class ParityTest(ToolTest):
    def test_named_tests_exist_and_run(self):
        self.write("tests/unit/a_test.cpp", "TEST_P(kind, works) {\n}\nTYPED_TEST(form, works) {\n}\n")
        self.write("docs/parity.md", "| one | `kind.works`, `form.works` of `a.cpp` |\n")
        self.passes("check_parity")
        self.write("docs/parity.md", "| one | `kind.works` |\n| two | `kind.fails` |\n")
        self.fails("check_parity", "docs/parity.md:2: kind.fails does not exist")
        self.write("docs/parity.md", "| one | `kind.works` |\n| two | `form.works` |\n")
        one = " 1/2 Test  #1: unit.a.kinds/kind.works/two  # GetParam() = two .......   Passed    0.01 sec\n"
        two = " 2/2 Test  #2: unit.a.form.works<int> ......***Skipped   0.01 sec\n"
        self.write("log", one + two)
        self.fails("check_parity", "docs/parity.md:2: form.works did not run", str(self.root / "log"))
        self.write("log", one + two.replace("***Skipped", "   Passed "))
        self.passes("check_parity", str(self.root / "log"))


class CancelSafetyTest(ToolTest):
    def test_rows_are_the_awaiters(self):
        self.write("tests/stress/a_test.cpp", "TEST(a, drop) {\n}\n")
        self.write("tests/unit/b_test.cpp", "TEST(b, drop) {\n}\n")
        self.write("include/edo/a.hpp", "struct leaf_base {};\ntemplate <class D>\n"
                   "class leaf : public leaf_base {\n};\n"
                   "class [[nodiscard]] one : public detail::leaf<one> {\n};\n"
                   "class set<T>::two : public leaf<two>, public other {\n};\n"
                   "class operation_awaiter : public leaf_base {\n};\n"
                   "class three final : public group {\n auto f() { return operation_awaiter(*this); }\n};\n"
                   "class other : public base {\n};\n")
        self.write("docs/cancel_safety.md", "| `one` | x | `a.drop` |\n| `set::two` | x | `a.drop` |\n"
                   "| `three` | x | `a.drop` |\n")
        self.passes("check_cancel_safety")
        two = "| `set::two` | x | `a.drop` |\n| `three` | x | `a.drop` |\n"
        self.write("docs/cancel_safety.md", "| `one` | it never suspends | `b.drop` |\n" + two)
        self.passes("check_cancel_safety")
        self.write("docs/cancel_safety.md", "| `one` | x | `b.drop` |\n" + two)
        self.fails("check_cancel_safety", "docs/cancel_safety.md:1: no test that races the drop of one is named")
        self.write("docs/cancel_safety.md", "| `one` | x | `a.gone`, `a.drop` |\n" + two)
        self.fails("check_cancel_safety", "docs/cancel_safety.md:1: a.gone does not exist")
        self.write("docs/cancel_safety.md", "| `one` | x | `a.drop` |\n" + two + "| `operation_awaiter` | x | `a.drop` |\n")
        self.fails("check_cancel_safety", "docs/cancel_safety.md:4: operation_awaiter is no awaiter")
        self.write("docs/cancel_safety.md", "| `one` | x | `a.drop` |\n")
        self.fails("check_cancel_safety", "docs/cancel_safety.md: set::two is missing")


class Quick(unittest.TestCase):
    def rows(self, counts, baseline):
        return [line.split(maxsplit=4) for line in quick.table(counts, baseline)][1:]

    def test_within_five_percent(self):
        for counted in (95.1, 100.0, 104.9):
            self.assertEqual(quick.failures({"a": counted}, {"a": 100.0}), [])
            self.assertEqual(quick.verdict(counted, 100.0), "")

    def test_worse(self):
        counts, baseline = {"a": 105.1, "b": 100.0}, {"a": 100.0, "b": 100.0}
        self.assertEqual(quick.failures(counts, baseline), ["a"])
        self.assertEqual(self.rows(counts, baseline), [["a", "105.1", "100.0", "+5.1%", "WORSE"],
                                                       ["b", "100.0", "100.0", "+0.0%"]])

    def test_better_does_not_fail(self):
        self.assertEqual(quick.failures({"a": 94.9}, {"a": 100.0}), [])
        self.assertEqual(self.rows({"a": 94.9}, {"a": 100.0})[0][-1], "better: update the baseline")

    def test_a_row_without_baseline(self):
        self.assertEqual(quick.failures({"a": 1.0, "b": 1.0}, {"a": 1.0}), ["b"])
        self.assertIn("NO BASELINE", list(quick.table({"b": 1.0}, {"a": 1.0}))[1])

    def test_an_unknown_compiler(self):
        self.assertEqual(quick.failures({"a": 1.0}, {}), [])
        self.assertEqual(self.rows({"a": 1234.0}, {}), [["a", "1,234.0"]])


class Build(unittest.TestCase):
    def test_standard_headers_are_those_of_edo(self):
        found = build.includes()
        self.assertTrue({"coroutine", "expected", "chrono"} <= set(found), found)
        self.assertFalse([name for name in found if "/" in name or "." in name], found)
        self.assertEqual(build.includes("edo/base/version.hpp"), [])

    def test_headers_are_replaced(self):
        text = build.with_headers("asio.cpp", "boost/asio.hpp")
        self.assertEqual([line for line in text.splitlines() if "boost/" in line and "#" in line],
                         ["#include <boost/asio.hpp>"])
        self.assertIn("#include <cstdio>", text)


if __name__ == "__main__":
    unittest.main()
