#include "proxy/session/credentials.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::proxy;
using namespace std::chrono_literals;
using protocol::auth::Secret;

namespace {

const net::TimePoint start{std::chrono::hours(1)};

config::Config with(std::chrono::milliseconds ttl, std::uint32_t max_entries)
{
    config::Config config;
    config.credentials.ttl = ttl;
    config.credentials.max_entries = max_entries;
    return config;
}

void list(config::Config& config, const std::string& name, const std::string& password)
{
    config::User user;
    user.name = name;
    user.password.value = password;
    config.users.push_back(user);
}

std::string password_of(const Credentials& credentials, const std::string& user)
{
    const auto found = credentials.find(user, start);
    return found ? found->secret.password().value_or("no password") : "not there";
}

}  // namespace

TEST_CASE("a learned account is fresh until its time to live is over, and then still known")
{
    Credentials credentials;
    credentials.configure(with(60s, 10));
    CHECK_FALSE(credentials.find("joe", start));

    credentials.learn("joe", Secret::from_password("pw"), start);
    CHECK(credentials.find("joe", start)->is_fresh);
    CHECK_FALSE(credentials.find("joe", start)->is_listed);
    CHECK(credentials.find("joe", start + 59'999ms)->is_fresh);
    CHECK_FALSE(credentials.find("joe", start + 60s)->is_fresh);
    CHECK(credentials.find("joe", start + 24h)->secret.password() == "pw");

    credentials.learn("joe", Secret::from_password("pw"), start + 60s);
    CHECK(credentials.find("joe", start + 60s)->is_fresh);
}

TEST_CASE("a newly proven password takes the old one's place, with all its forms")
{
    Credentials credentials;
    credentials.configure(with(60s, 10));
    credentials.learn("joe", Secret::from_password("old"), start);
    const auto fresh = Secret::from_sha256_stage2(*Secret::from_password("new").sha256_stage2());
    credentials.learn("joe", fresh, start);

    const auto found = credentials.find("joe", start);
    CHECK(found->secret.sha256_stage2() == fresh.sha256_stage2());
    CHECK_FALSE(found->secret.password());
    CHECK_FALSE(found->secret.sha1());
    CHECK(credentials.learned_count() == 1);
}

TEST_CASE("the account that was proven longest ago makes room for a new one")
{
    Credentials credentials;
    credentials.configure(with(60s, 2));
    credentials.learn("a", Secret::from_password("a"), start);
    credentials.learn("b", Secret::from_password("b"), start);
    credentials.learn("a", Secret::from_password("a"), start + 1s);
    credentials.learn("c", Secret::from_password("c"), start + 2s);

    CHECK(credentials.learned_count() == 2);
    CHECK(password_of(credentials, "a") == "a");
    CHECK(password_of(credentials, "b") == "not there");
    CHECK(password_of(credentials, "c") == "c");
}

TEST_CASE("a smaller limit takes effect as accounts are learned")
{
    Credentials credentials;
    credentials.configure(with(60s, 5));
    for (const auto* user : {"a", "b", "c", "d", "e"})
        credentials.learn(user, Secret::from_password("pw"), start);
    credentials.configure(with(60s, 2));
    credentials.learn("f", Secret::from_password("pw"), start);
    CHECK(credentials.learned_count() <= 2);
    CHECK(password_of(credentials, "f") == "pw");
}

TEST_CASE("a refused account is forgotten, a listed one stays as it is listed")
{
    Credentials credentials;
    auto config = with(60s, 10);
    list(config, "listed", "from the file");
    credentials.configure(config);
    credentials.learn("joe", Secret::from_password("pw"), start);
    credentials.learn("listed", Secret::from_password("from the file"), start);
    CHECK(credentials.find("listed", start)->is_fresh);

    for (const auto* user : {"joe", "listed", "nobody"}) credentials.forget(user);

    CHECK(password_of(credentials, "joe") == "not there");
    CHECK(password_of(credentials, "listed") == "from the file");
    CHECK(credentials.find("listed", start)->is_listed);
    CHECK_FALSE(credentials.find("listed", start)->is_fresh);
}

TEST_CASE("a reload changes the listed accounts and keeps the learned ones")
{
    Credentials credentials;
    auto before = with(60s, 10);
    list(before, "gone", "a");
    list(before, "changed", "a");
    credentials.configure(before);
    credentials.learn("joe", Secret::from_password("pw"), start);

    auto after = with(60s, 10);
    list(after, "changed", "b");
    credentials.configure(after);

    CHECK(password_of(credentials, "gone") == "not there");
    CHECK(password_of(credentials, "changed") == "b");
    CHECK(password_of(credentials, "joe") == "pw");
}
