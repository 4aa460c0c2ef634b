// treesum: SHA-256 of every file under some paths, as
//     find -H PATH... -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
// prints it, with as many files at once as there are jobs.
#include "digest.hpp"
#include "print.hpp"
#include "walk.hpp"

#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using treesum::batch;
using treesum::digest;
using treesum::file_list;

// [hash_all]
/// Hashes all files on the blocking pool, `jobs` batches at a time.
edo::task<std::vector<digest>> hash_all(file_list files, std::size_t jobs) {
    // A few files in a batch: small ones cost less than a change of threads.
    const std::size_t batch_size = std::clamp<std::size_t>(files->size() / (jobs * 16), 1, 32);
    std::vector<digest> digests(files->size());
    treesum::progress_bar bar(files->size());
    edo::join_set<batch> running;
    std::size_t next = 0;
    std::size_t done = 0;
    for (;;) {
        while (next < files->size() && running.size() < jobs) {
            const std::size_t last = std::min(next + batch_size, files->size());
            running.spawn_blocking(treesum::hash_files, files, next, last);
            next = last;
        }
        auto joined = co_await running.join_next();
        if (!joined) { break; }  // all are done
        const batch finished = edo::unwrap(std::move(*joined));
        std::ranges::copy(finished.digests,
                          digests.begin() + static_cast<std::ptrdiff_t>(finished.first));
        done += finished.digests.size();
        bar.show(done);
    }
    co_return digests;
}
// [/hash_all]

edo::task<bool> treesum_of(std::vector<std::string> paths, std::size_t jobs) {
    auto walking = edo::spawn_blocking(treesum::walk, std::move(paths));
    treesum::listing found = co_await walking;
    for (const std::string& error : found.errors) { treesum::print_error(error); }
    const auto files = std::make_shared<const std::vector<std::string>>(std::move(found.files));
    const std::vector<digest> digests = co_await hash_all(files, jobs);
    const bool is_printed = treesum::print_all(*files, digests);
    co_return is_printed&& found.errors.empty();
}

// CLI11 takes [a,b] for a list and {} for an empty one; here they are names. So such arguments get a
// mark in front while CLI11 sees them.
constexpr char mark = '\1';

std::vector<std::string> protect(int argc, char** argv) {
    std::vector<std::string> arguments;
    for (int i = argc - 1; i > 0; --i) {  // CLI11 wants them in reverse
        std::string argument = argv[i];
        if (argument.empty() || std::string_view("[{%\1").contains(argument.front())) {
            argument.insert(argument.begin(), mark);
        }
        arguments.push_back(std::move(argument));
    }
    return arguments;
}

void unprotect(std::vector<std::string>& paths) {
    for (std::string& path : paths) {
        if (path.starts_with(mark)) { path.erase(0, 1); }
    }
}

}  // namespace

edo::task<int> co_main(int argc, char** argv) {
    CLI::App app("SHA-256 of every file under the paths, sorted by path", "treesum");
    std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
    app.add_option("--jobs", jobs, "files that are read at the same time")
        ->check(CLI::Range(std::size_t{1}, std::size_t{512}))
        ->capture_default_str();
    std::vector<std::string> paths;
    app.add_option("PATH", paths, "files and directories; symlinks among them are followed")
        ->required();
    try {
        app.parse(protect(argc, argv));
    } catch (const CLI::ParseError& error) { co_return app.exit(error) == 0 ? 0 : 2; }
    unprotect(paths);
    const bool is_good = co_await treesum_of(std::move(paths), jobs);
    co_return is_good ? 0 : 1;
}
