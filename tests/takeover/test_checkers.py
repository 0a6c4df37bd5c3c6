"""The checkers find what they are there for: each is shown a history that must not be."""

import pytest

from checkers import Bank, Load, Registers, SingleWriter, least_changes
from writers import Writers


class Table:
    """Stands for a server whose only table has these rows."""

    def __init__(self, rows):
        self.rows = rows

    def sql(self, _):
        return self.rows


def test_lost_doubled_and_stray_writes():
    writers = Writers(None, clients=0)
    writers.ok, writers.unknown = {(0, 1), (0, 2)}, {(0, 3)}
    writers.check(Table([(0, 1), (0, 2)]))
    writers.check(Table([(0, 1), (0, 2), (0, 3)]))
    for rows in ([(0, 1)], [(0, 1), (0, 2), (0, 2)], [(0, 1), (0, 2), (0, 4)]):
        with pytest.raises(AssertionError):
            writers.check(Table(rows))


@pytest.mark.parametrize("row", [(999, 5, 10), (1000, -1, 10), (1000, 5, 9)])
def test_a_bank_that_lost_money(row):
    Bank(None, clients=0).check([Table([(1000, 0, 10)])])
    with pytest.raises(AssertionError):
        Bank(None, clients=0).check([Table([(1000, 0, 10)]), Table([row])])


def test_reads_that_go_back_in_time():
    registers = Registers(None, clients=2)
    registers.see(0, {0: 4, 1: 7})
    registers.see(0, {0: 5, 1: 7})
    registers.see(1, {0: 4, 1: 7})  # another session may see less
    registers.check()
    registers.connected(0)
    registers.see(0, {0: 4})
    registers.check()
    registers.see(0, {0: 5, 1: 6})
    registers.see(0, {0: 5})
    with pytest.raises(AssertionError, match="client 0 read None of register 1"):
        registers.check()


@pytest.mark.parametrize("changes, writes", [
    (0, []), (0, [(0, 1, "a"), (2, 3, "a")]), (1, [(0, 1, "a"), (2, 3, "b")]),
    (1, [(0, 3, "a"), (1, 2, "b"), (2, 4, "b")]),  # the first may have been executed before 2
    (2, [(0, 1, "a"), (2, 3, "b"), (4, 5, "a")]),
    (1, [(0, 1, "a"), (2, 9, "b"), (4, 5, "a")]),  # the one at b may have been the last
    (3, [(0, 1, "a"), (2, 3, "b"), (4, 5, "a"), (6, 7, "b")]),
    (2, [(0, 1, "a"), (2, 3, "b"), (4, 5, "c")])])
def test_how_often_the_writing_server_changed(changes, writes):
    assert least_changes(writes) == changes


def test_a_write_at_the_old_primary_after_the_new_one_began():
    single = SingleWriter(None, clients=0)
    single.spans = {(0, 1): (0, 1), (0, 2): (2, 3), (1, 1): (4, 5)}
    rows = [(0, 1, "old"), (0, 2, "new"), (1, 1, "new")]
    single.check(Table(rows), moves=1)
    with pytest.raises(AssertionError, match="2 changes"):
        single.check(Table([*rows[:2], (1, 1, "old")]), moves=1)
    with pytest.raises(AssertionError, match="lost"):
        single.check(Table(rows[:2]), moves=1)


def test_an_error_that_no_client_may_see():
    load = Load.__new__(Load)
    load.writers, load.bank = Writers(None, clients=0), Bank(None, clients=0)
    load.registers, load.single = Registers(None, clients=0), SingleWriter(None, clients=0)
    load.parts = [load.writers, load.bank, load.registers, load.single]
    load.bank.check = load.writers.check = load.single.check = lambda *_: None
    load.registers.errors = [(0, 1213, "deadlock")]
    load.check(None, 1, codes={1213})
    with pytest.raises(AssertionError, match="deadlock"):
        load.check(None, 1)
