package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

const interpolated = "interpolateParams=true"

func login() {
	user, password, schema := env("USER"), env("PASSWORD"), env("SCHEMA")
	attempt(user, password, schema, "")
	attempt(user, password, "", "")
	attempt(user, "wrong", schema, "")
	attempt(user, "", schema, "")
	attempt(user, password, "no_such_schema", "")
	attempt(env("OTHER_USER"), env("OTHER_PASSWORD"), schema, "")
	attempt("driver_empty", "", schema, "")
	attempt("driver_tls", password, schema, "")
	attempt("driver_locked", password, schema, "")
	attempt(user, password, schema, "charset=latin1&sql_mode=%27ANSI%27&time_zone=%27%2B02:00%27")
	attempt(user, password, schema, "collation=utf8mb4_bin&maxAllowedPacket=0")
}

func secured() {
	user, password, schema := env("USER"), env("PASSWORD"), env("SCHEMA")
	for _, name := range []string{"ours", "another", "skip-verify", "preferred"} {
		attempt(user, password, schema, "tls="+name)
	}
	attempt("driver_tls", password, schema, "tls=ours")
	attempt("driver_tls", "wrong", schema, "tls=ours")
}

func columnTypes() {
	for _, options := range []string{"", "parseTime=true&loc=UTC", interpolated, "columnsWithAlias=true"} {
		using(options, func(db *sql.DB) {
			for _, table := range []string{"types", "zero_dates", "vectors"} {
				ask(db, "SELECT * FROM "+table+" ORDER BY id")
				ask(db, "SELECT * FROM "+table+" WHERE id > ? ORDER BY id", 0)
			}
		})
	}
}

func changingTypes() {
	values := []interface{}{1, "text", 2.5, nil, uint64(math.MaxUint64), []byte{0, 255}, "", -1,
		strings.Repeat("long", 200), true, time.Date(2024, 2, 29, 12, 34, 56, 789012000, time.UTC)}
	for _, options := range []string{"", interpolated} {
		using(options, func(db *sql.DB) {
			echo, err := db.Prepare("SELECT ? = ?, ? IS NULL FROM numbers WHERE n < ?")
			if err != nil {
				sayError(err)
				return
			}
			defer echo.Close()
			for round := 0; round < 30; round++ {
				a, b := values[round%len(values)], values[(round*5+2)%len(values)]
				rows, err := echo.Query(a, b, a, 3)
				if err != nil {
					sayError(err)
				} else {
					sayRows(rows)
				}
				if round%5 == 0 {
					execute(db, "INSERT INTO items (amount) VALUES (?)", round)
				}
			}
		})
	}
}

func changingTable() {
	using("", func(db *sql.DB) {
		read, err := db.Prepare("SELECT * FROM changing")
		if err != nil {
			sayError(err)
			return
		}
		for _, text := range []string{"ALTER TABLE changing ADD b VARCHAR(10) DEFAULT 'new'", "DO 1",
			"ALTER TABLE changing DROP a", "DROP TABLE changing", "DO 2"} {
			if rows, err := read.Query(); err != nil {
				sayError(err)
			} else {
				sayRows(rows)
			}
			execute(db, text)
		}
		read.Close()
	})
}

func transactions() {
	using("clientFoundRows=true", func(db *sql.DB) {
		tx, _ := db.Begin()
		execute(tx, "INSERT INTO items (name) VALUES (?)", "one")
		tx.Rollback()
		ask(db, "SELECT COUNT(*) FROM items WHERE name = 'one'")
		tx, _ = db.Begin()
		execute(tx, "INSERT INTO items (name) VALUES (?)", "two")
		ask(tx, "SELECT name FROM items WHERE name = ?", "two")
		if err := tx.Commit(); err != nil {
			sayError(err)
		}
		execute(db, "UPDATE items SET amount = amount WHERE name = 'two'")
		for _, options := range []*sql.TxOptions{{ReadOnly: true},
			{Isolation: sql.LevelSerializable}, {Isolation: sql.LevelReadCommitted, ReadOnly: true}} {
			tx, err := db.BeginTx(background, options)
			if err != nil {
				sayError(err)
				continue
			}
			ask(tx, "SELECT @@transaction_isolation, name FROM items WHERE name = 'two'")
			execute(tx, "INSERT INTO items (name) VALUES ('three')")
			tx.Rollback()
		}
	})
}

func statements() {
	text, err := os.ReadFile(env("STATEMENTS"))
	if err != nil {
		sayError(err)
		return
	}
	using("", func(db *sql.DB) {
		for _, line := range strings.Split(string(text), "\n") {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			line = strings.ReplaceAll(line, "{schema}", env("SCHEMA"))
			say(line)
			ask(db, line)
		}
	})
}

// Many goroutines share few connections, as servers written in Go do.
func sharedPool() {
	db := open(env("USER"), env("PASSWORD"), env("SCHEMA"), "")
	defer db.Close()
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(2)
	insert, err := db.Prepare("INSERT INTO items (name, amount) VALUES (?, ?)")
	if err != nil {
		sayError(err)
		return
	}
	defer insert.Close()
	var all sync.WaitGroup
	for worker := 0; worker < 16; worker++ {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			for n := 0; n < 10; n++ {
				if _, err := insert.Exec(fmt.Sprintf("worker %d %d", worker, n), n); err != nil {
					sayError(err)
				}
			}
		}(worker)
	}
	all.Wait()
	ask(db, "SELECT COUNT(*), SUM(amount) FROM items WHERE name LIKE 'worker%'")
}

func localInfile() {
	load := " INTO TABLE loaded CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' (id, name, amount)"
	for _, options := range []string{"allowAllFiles=true", ""} {
		using(options, func(db *sql.DB) {
			for _, name := range []string{"rows", "empty", "long", "missing"} {
				execute(db, "LOAD DATA LOCAL INFILE '"+env("FILES")+"/"+name+".csv'"+load)
			}
			ask(db, "SELECT COUNT(*), SUM(amount) FROM loaded")
		})
	}
	mysql.RegisterReaderHandler("generated", func() io.Reader {
		return strings.NewReader("400001,from a reader,1\n400002,from a reader,2\n")
	})
	using("", func(db *sql.DB) {
		execute(db, "LOAD DATA LOCAL INFILE 'Reader::generated'"+load)
		ask(db, "SELECT * FROM loaded WHERE id > 400000 ORDER BY id")
	})
}

func multiResults() {
	using("multiStatements=true", func(db *sql.DB) {
		ask(db, "SELECT 1; SELECT 2, 'b'; SELECT word FROM numbers WHERE n < 3")
		execute(db, "INSERT INTO items (name) VALUES ('m'); UPDATE items SET amount = 1")
		ask(db, "SELEC; SELECT 3") // after an error further behind this driver waits for ever
		ask(db, "CALL several(2)")
		ask(db, "CALL several(?)", 3)
		ask(db, "SELECT 'still there'")
	})
	using("", func(db *sql.DB) { ask(db, "SELECT 1; SELECT 2") })
}

func bigValues() {
	piece := make([]byte, 256)
	for i := range piece {
		piece[i] = byte(i)
	}
	data := bytes.Repeat(piece, 20*4096)
	for _, options := range []string{"maxAllowedPacket=67108864",
		"maxAllowedPacket=67108864&" + interpolated} {
		using(options, func(db *sql.DB) {
			name := "big " + options
			execute(db, "INSERT INTO items (name, data) VALUES (?, ?)", name[:20]+name[len(name)-4:], data)
			ask(db, "SELECT name, data FROM items WHERE name LIKE ? ORDER BY id", "big%")
		})
	}
	using("", func(db *sql.DB) {
		execute(db, "INSERT INTO items (name, body) VALUES (?, ?)", "in pieces",
			strings.Repeat("p", 5<<20))
		ask(db, "SELECT LENGTH(body) FROM items WHERE name = ?", "in pieces")
	})
}

func killQuery() {
	using("", func(victim *sql.DB) {
		connection, err := victim.Conn(background)
		if err != nil {
			sayError(err)
			return
		}
		defer connection.Close()
		var id int64
		connection.QueryRowContext(background, "SELECT CONNECTION_ID()").Scan(&id)
		done := make(chan bool)
		ended := make(chan bool)
		go func() {
			using("", func(other *sql.DB) {
				for {
					select {
					case <-done:
						ended <- true
						return
					case <-time.After(200 * time.Millisecond): // one that comes too early does nothing
						other.Exec(fmt.Sprintf("KILL QUERY %d", id))
					}
				}
			})
		}()
		rows, err := connection.QueryContext(background, "SELECT SLEEP(60) FROM numbers")
		if err != nil {
			sayError(err)
		} else {
			sayRows(rows)
		}
		done <- true
		<-ended
		connection.ExecContext(background, "DO 0") // a late one may still hit this
		_, err = connection.ExecContext(background, "DO 1")
		say("still there", err)
	})
}

func timeouts() {
	using("readTimeout=1s", func(db *sql.DB) { ask(db, "SELECT SLEEP(30)") })
	using("", func(db *sql.DB) {
		limited, cancel := context.WithTimeout(background, 500*time.Millisecond)
		defer cancel()
		_, err := db.QueryContext(limited, "SELECT SLEEP(30) FROM numbers")
		sayError(err)
		ask(db, "SELECT 'on a new connection'")
		ask(db, "SELECT /*+ MAX_EXECUTION_TIME(100) */ SLEEP(30) FROM numbers")
		execute(db, "SET SESSION wait_timeout = 1")
		time.Sleep(3 * time.Second)
		ask(db, "SELECT 1") // the driver notices and connects again
	})
}
