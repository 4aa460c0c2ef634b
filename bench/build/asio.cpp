// One task: what edo.cpp does. The headers are those that co_spawn needs, not <boost/asio.hpp>.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>

namespace {

boost::asio::awaitable<void> hello() {
    std::puts("hello");
    co_return;
}

}  // namespace

int main() {
    boost::asio::io_context context;
    boost::asio::co_spawn(context, hello(), boost::asio::detached);
    context.run();
}
