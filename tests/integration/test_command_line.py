"""The program's subcommands and exit codes."""

import subprocess

import yaml

import binaries
from pointsman import binary, config_for


def run(*arguments):
    return subprocess.run([*binary().command, *map(str, arguments)], capture_output=True,
                          text=True, timeout=20, check=False)


def test_it_tells_its_version():
    done = run("--version")
    assert done.returncode == 0 and done.stdout.startswith("pointsman ")


def test_without_a_subcommand_it_explains_itself():
    done = run()
    assert done.returncode != 0 and "--help" in done.stderr
    help_text = run("--help").stdout
    assert "check" in help_text and "serve" in help_text


def test_a_good_file_is_good(cluster, tmp_path):
    file = tmp_path / "good.yaml"
    file.write_text(yaml.safe_dump(config_for(cluster.servers, tmp_path)))
    done = run("check", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_is_good():
    done = run("check", binaries.ROOT / "config/example.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_mistakes_are_told_at_once_with_their_places(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("servers:\n"
                    "  - {name: a, address: '127.0.0.1:3306', wieght: 3}\n"
                    "probe:\n"
                    "  interval: 5 parsecs\n"
                    "routing: {no_replica: maybe}\n"
                    "serverz: 1\n")
    done = run("check", file)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    for place, words in ((":2:", "weight"), (":4:", "probe.interval"),
                         (":5:", "no_replica"), (":6:", "servers")):
        assert any(f"bad.yaml{place}" in line and words in line for line in text.splitlines()), text


def test_serving_a_bad_file_fails_at_once(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("serverz: 1\n")
    done = run("serve", "--config", file)
    assert done.returncode not in (0, -6, -11)
    assert "bad.yaml:1:1" in done.stdout + done.stderr


def test_a_missing_file_is_named(tmp_path):
    done = run("check", tmp_path / "none.yaml")
    assert done.returncode != 0
    assert "none.yaml" in done.stdout + done.stderr


def test_a_taken_port_is_named(cluster, tmp_path):
    config = config_for(cluster.servers, tmp_path)
    config["listeners"][0]["address"] = f"127.0.0.1:{cluster.primary.port}"
    (tmp_path / "state").mkdir()
    file = tmp_path / "taken.yaml"
    file.write_text(yaml.safe_dump(config))
    done = run("serve", "--config", file)
    assert done.returncode not in (0, -6, -11)
    assert str(cluster.primary.port) in done.stdout + done.stderr
