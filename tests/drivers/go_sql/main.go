// go-sql-driver/mysql by database/sql: text protocol, prepared statements, LOCAL INFILE by readers.
package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

func env(name string) string { return os.Getenv("DRIVER_" + name) }

func say(words ...interface{}) { fmt.Println(words...) }

func sayError(err error) {
	var reported *mysql.MySQLError
	if errors.As(err, &reported) {
		say("error", reported.Number, reported.Message)
		return
	}
	text := err.Error()
	// Which of both it is depends on who was faster, and it holds ports.
	if errors.Is(err, mysql.ErrInvalidConn) || strings.Contains(text, "driver: bad connection") {
		text = "connection lost"
	}
	say("failed", text)
}

func show(value interface{}) string {
	switch v := value.(type) {
	case nil:
		return "nil"
	case []byte:
		if len(v) > 400 {
			return fmt.Sprintf("%d bytes %x", len(v), sha256.Sum256(v))[:40]
		}
		return fmt.Sprintf("%q", v)
	case time.Time:
		return "time " + v.UTC().Format(time.RFC3339Nano)
	default:
		return fmt.Sprintf("%T %v", v, v)
	}
}

// config of a connection; `options` as in the driver's data source name.
func open(user, password, schema, options string) *sql.DB {
	source := fmt.Sprintf("%s:%s@tcp(%s:%s)/%s?%s", user, password, env("HOST"), env("PORT"), schema,
		options)
	db, err := sql.Open("mysql", source)
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

func using(options string, work func(*sql.DB)) {
	db := open(env("USER"), env("PASSWORD"), env("SCHEMA"), options)
	defer db.Close()
	work(db)
}

func sayRows(rows *sql.Rows) {
	defer rows.Close()
	for {
		types, _ := rows.ColumnTypes()
		for _, column := range types {
			length, hasLength := column.Length()
			precision, scale, isDecimal := column.DecimalSize()
			nullable, known := column.Nullable()
			say(" ", column.Name(), column.DatabaseTypeName(), length, hasLength, precision, scale,
				isDecimal, nullable, known)
		}
		for rows.Next() {
			values := make([]interface{}, len(types))
			places := make([]interface{}, len(types))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				sayError(err)
				return
			}
			texts := make([]string, len(values))
			for i, value := range values {
				texts[i] = show(value)
			}
			say("(" + strings.Join(texts, ", ") + ")")
		}
		if !rows.NextResultSet() {
			break
		}
	}
	if err := rows.Err(); err != nil {
		sayError(err)
	}
}

type querier interface {
	Query(string, ...interface{}) (*sql.Rows, error)
	Exec(string, ...interface{}) (sql.Result, error)
}

// With values it is a prepared statement, unless the driver puts them into the text.
func ask(on querier, text string, values ...interface{}) {
	rows, err := on.Query(text, values...)
	if err != nil {
		sayError(err)
		return
	}
	sayRows(rows)
}

func execute(on querier, text string, values ...interface{}) {
	result, err := on.Exec(text, values...)
	sayResult(result, err)
}

func sayResult(result sql.Result, err error) {
	if err != nil {
		sayError(err)
		return
	}
	id, _ := result.LastInsertId()
	changed, _ := result.RowsAffected()
	say("id", id, "changed", changed)
}

func attempt(user, password, schema, options string) {
	db := open(user, password, schema, options)
	defer db.Close()
	ask(db, "SELECT DATABASE(), CURRENT_USER(), USER()")
}

func registerTLS(name, file string) {
	pem, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	if err := mysql.RegisterTLSConfig(name, &tls.Config{RootCAs: pool}); err != nil {
		log.Fatal(err)
	}
}

func main() {
	mysql.SetLogger(log.New(os.Stderr, "", 0))
	registerTLS("ours", env("CA"))
	registerTLS("another", env("WRONG_CA"))
	steps := []struct {
		name string
		run  func()
	}{{"login", login}, {"tls", secured}, {"columnTypes", columnTypes},
		{"changingTypes", changingTypes}, {"changingTable", changingTable},
		{"transactions", transactions}, {"statements", statements}, {"sharedPool", sharedPool},
		{"localInfile", localInfile}, {"multiResults", multiResults}, {"bigValues", bigValues},
		{"killQuery", killQuery}, {"timeouts", timeouts}}
	for _, step := range steps {
		if len(os.Args) > 1 && !strings.Contains(strings.Join(os.Args[1:], " "), step.name) {
			continue
		}
		say("==", step.name)
		step.run()
	}
}

var background = context.Background()
