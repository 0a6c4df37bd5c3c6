#include "proxy/app/listeners.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace pointsman::proxy {

namespace {

/// "0770"; the configuration was checked.
unsigned mode_of(const config::Listener& listener)
{
    unsigned mode = 0;
    for (char digit : listener.socket_mode) mode = mode * 8 + static_cast<unsigned>(digit - '0');
    return mode;
}

}  // namespace

OpenedListeners::~OpenedListeners()
{
    for (auto& one : all)
        for (int descriptor : one.descriptors) ::close(descriptor);
}

std::variant<OpenedListeners, std::string> open_listeners(
    const std::vector<config::Listener>& wanted, std::size_t workers)
{
    OpenedListeners opened;
    for (const auto& listener : wanted) {
        auto& one = opened.all.emplace_back();
        one.settings = listener;
        for (std::size_t i = 0; i < workers; ++i) {
            bool share_first = listener.address.is_unix() && i > 0;
            if (share_first) {
                int copy = ::fcntl(one.descriptors.front(), F_DUPFD_CLOEXEC, 0);
                if (copy >= 0) one.descriptors.push_back(copy);
                continue;
            }
            auto socket = net::open_listening_socket(listener.address, mode_of(listener));
            if (auto* problem = std::get_if<std::string>(&socket))
                return "listener " + listener.name + ": " + *problem;
            one.descriptors.push_back(std::get<int>(socket));
        }
        if (listener.address.is_unix())
            one.file = std::make_unique<net::SocketFile>(listener.address.socket_path);
    }
    return opened;
}

void Listeners::add(OpenedListeners opened)
{
    for (auto& one : opened.all) {
        auto share = std::make_shared<ListenerShare>(one.settings);
        shares_[one.settings.name] = share;
        if (one.file) files_[one.settings.name] = std::move(one.file);
        auto descriptors = std::exchange(one.descriptors, {});
        for (std::size_t i = 0; i < descriptors.size(); ++i) {
            auto descriptor = descriptors[i];
            workers_[i]->post(
                [descriptor, share](Worker& worker) { worker.open_listener(descriptor, share); });
        }
    }
}

void Listeners::remove(const std::string& name)
{
    shares_.erase(name);
    files_.erase(name);
    for (auto& worker : workers_)
        worker->post([name](Worker& on_thread) { on_thread.close_listener(name); });
}

void Listeners::change(const config::Listener& settings)
{
    auto known = shares_.find(settings.name);
    if (known != shares_.end()) known->second->apply(settings);
    auto file = files_.find(settings.name);
    if (file != files_.end()) ::chmod(file->second->path().c_str(), mode_of(settings));
}

}  // namespace pointsman::proxy
