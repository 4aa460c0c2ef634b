#!/usr/bin/env bash
# test_treesum.sh PROGRAM: treesum beside the pipeline that it stands for.
set -euo pipefail
program=$(realpath "$1")
work=$(mktemp -d)
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
mkdir "$work/in" "$work/out"
cd "$work/in"
out=$work/out
failures=0

fail() {
    printf 'FAILED: %s\n' "$*"
    failures=$((failures + 1))
}

# xargs -r: where there is no file, plain xargs would have sha256sum read its standard input.
pipeline() { find -H "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum; }

# same NAME PATH...: output of both, and success of both or of none.
same() {
    local name=$1 expected=0 code=0
    shift
    pipeline "$@" >"$out"/expected.out 2>"$out"/expected.err || expected=1
    "$program" "$@" >"$out"/actual.out 2>"$out"/actual.err || code=$?
    cmp "$out"/expected.out "$out"/actual.out || fail "$name: the output differs"
    [[ $code == "$expected" ]] || fail "$name: exit code $code instead of $expected"
    if ((expected)); then
        [[ -s "$out"/actual.err ]] || fail "$name: nothing on stderr"
    else
        [[ ! -s "$out"/actual.err ]] || fail "$name: $(<"$out/actual.err")"
    fi
}

lines() { wc -l <"$out"/actual.out; }

# --- names, kinds and sizes ---
mkdir -p tree/a/b tree/empty "tree/with space" other
printf one >tree/a/1
printf two >tree/a/b/2
: >tree/nothing
for name in $'new\nline' $'carriage\rreturn' 'back\slash' '-' '--jobs' '*' '[x]' '[a,b]' '{}' '%%' ' ' '~' '"' "'" \
    $'\xff\xfe invalid' $'\x01' $'tab\t' $'all\\\n\r' 'ä' A a.b a0 a; do
    [[ -e tree/$name ]] || printf '%s' "$name" >"tree/$name"
done
printf deep >"tree/with space/file"
head -c 3000000 /dev/zero >tree/large
head -c 131072 /dev/urandom >tree/one_chunk
head -c 131073 /dev/urandom >tree/a_chunk_and_one
mkfifo tree/fifo
ln -s ../a/1 tree/empty/link_to_file
ln -s a tree/link_to_directory
ln -s /nowhere tree/broken
ln -s .. tree/a/loop
same 'a tree' tree
(($(lines) > 20)) || fail "a tree: only $(lines) lines"
for jobs in 1 2 7 512; do
    "$program" --jobs "$jobs" tree | cmp - "$out"/actual.out || fail "--jobs $jobs changes the output"
done

# --- forms of PATH ---
same 'trailing slash' tree/
same 'trailing slashes' tree/a//
same 'a dot' .
same 'dots' tree/a/../a
same 'a file' tree/a/1
same 'a file with a slash behind' tree/a/1/
same 'absolute' "$PWD/tree/a"
same 'link to a directory' tree/link_to_directory
same 'link to a directory, with a slash' tree/link_to_directory/
same 'link to a file' tree/empty/link_to_file
same 'link to nothing' tree/broken
same 'fifo' tree/fifo
same 'overlapping' tree/a tree tree/a/1 tree/a/b
same 'many with odd names' $'tree/new\nline' 'tree/back\slash' 'tree/*' tree/- 'tree/[x]'
cd tree
same 'names that mean something elsewhere' '[x]' '[a,b]' '{}' '%%' '~' ' ' '*' $'\1'
same 'an empty name' '' a
cd ..
same 'an empty directory' tree/empty
mkdir hollow
same 'a hollow directory' hollow
[[ $(lines) == 0 ]] || fail 'a hollow directory: output'
same 'a missing PATH' missing
same 'a missing PATH beside others' other missing tree/a
grep -q 'missing: No such file or directory' "$out"/actual.err || fail 'a missing PATH is not named'

# --- many files, in several batches ---
mkdir many
for i in {1..500}; do printf '%s' "$i" >"many/$i"; done
same 'many files' many
[[ $(lines) == 500 ]] || fail 'many files: not all'

# --- what cannot be read ---
mkdir -p locked/closed
printf open >locked/open
printf secret >locked/secret
printf x >locked/closed/x
chmod 000 locked/secret locked/closed
chmod 755 "$work" . locked
cp "$program" unprivileged && chmod 755 unprivileged
if [[ ${TSAN_OPTIONS:-} =~ suppressions=([^:]+) ]]; then # what only root may read
    cp "${BASH_REMATCH[1]}" suppressions && chmod 644 suppressions
    export TSAN_OPTIONS="$TSAN_OPTIONS:suppressions=$PWD/suppressions"
fi
unprivileged=(bash -c)
if ((EUID == 0)); then
    unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups bash -c)
fi
code=0
"${unprivileged[@]}" './unprivileged locked' >"$out"/actual.out 2>"$out"/actual.err || code=$?
[[ $code == 1 ]] || fail "unreadable: exit code $code: $(cat "$out"/actual.err)"
sha256sum locked/open | cmp - "$out"/actual.out || fail 'unreadable: the others are not printed'
grep -q '^treesum: locked/secret: Permission denied$' "$out"/actual.err || fail 'unreadable file'
grep -q '^treesum: locked/closed: Permission denied$' "$out"/actual.err || fail 'unreadable directory'
code=0
"${unprivileged[@]}" 'set -o pipefail
    find -H locked -type f -print0 2>/dev/null | LC_ALL=C sort -z |
        xargs -0 -r sha256sum 2>/dev/null' >"$out"/expected.out || code=$?
((code != 0)) || fail 'the pipeline could read everything: this test proves nothing'
cmp "$out"/expected.out "$out"/actual.out || fail 'unreadable: the output differs'

# --- a file that vanishes between walk and reading ---
# While it lists /proc/self/fdinfo, treesum sees the entry of the very descriptor with which it lists.
# The walk is over before the first file is read, so then that entry is gone.
if [[ -r /proc/self/fdinfo/0 ]]; then
    code=0
    "$program" --jobs 1 /proc/self/fdinfo tree/a/1 >"$out"/actual.out 2>"$out"/actual.err || code=$?
    [[ $code == 1 ]] || fail "vanished: exit code $code"
    [[ $(wc -l <"$out"/actual.err) == 1 ]] || fail "vanished: $(<"$out/actual.err")"
    grep -Eq '^treesum: /proc/self/fdinfo/[0-9]+: No such file or directory$' "$out"/actual.err ||
        fail "vanished: $(<"$out/actual.err")"
    sha256sum tree/a/1 | cmp - <(tail -n 1 "$out"/actual.out) || fail 'vanished: the last one is not printed'
    grep -q '/proc/self/fdinfo/0$' "$out"/actual.out || fail 'vanished: the others are not printed'
fi

# --- usage, and an output that is full ---
for arguments in '' '--jobs 0 tree' '--jobs x tree' '--unknown tree'; do
    code=0
    # shellcheck disable=SC2086
    "$program" $arguments >"$out"/actual.out 2>"$out"/actual.err || code=$?
    [[ $code == 2 && ! -s "$out"/actual.out && -s "$out"/actual.err ]] || fail "usage '$arguments': $code"
done
"$program" --help >"$out"/actual.out
grep -q PATH "$out"/actual.out || fail '--help'
if [[ -c /dev/full ]]; then
    code=0
    "$program" tree >/dev/full 2>"$out"/actual.err || code=$?
    [[ $code == 1 && -s "$out"/actual.err ]] || fail "full output: $code"
fi

# --- the bar is for terminals only ---
"$program" many >"$out"/actual.out 2>"$out"/actual.err
[[ ! -s "$out"/actual.err ]] || fail 'a bar on what is no terminal'
if command -v script >/dev/null; then
    script -qec "'$program' many >$out/bar.out" /dev/null >"$out"/bar.err </dev/null
    cmp "$out"/bar.out "$out"/actual.out || fail 'the bar disturbs the output'
    grep -aq '/500' "$out"/bar.err || fail 'no bar on a terminal'
fi

((failures == 0)) || exit 1
printf 'treesum agrees with the pipeline\n'
