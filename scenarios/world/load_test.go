package world_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

func load(t *testing.T, src string) *world.World {
	t.Helper()
	w, err := world.Load("w.yaml", []byte(src))
	require.NoError(t, err)
	return w
}

func TestAFileIsLaidOverTheDefault(t *testing.T) {
	w := load(t, `
cards:
  good: {balance: "5.00"}
  mine: {pan: "6222020200011112", luhn: false}
merchants:
  "999000000000001": {status: suspended}
  "M 1": {name: {zh: 天天便利店}}
terminals:
  "T1": {merchant: "M 1"}
  "T2": {}
issuers:
  down: {state: up}
`)
	d := world.Default()
	assert.Equal(t, int64(500), w.Accounts["good"].Balance)
	assert.Equal(t, d.Cards["good"], w.Cards["good"], "the rest of the card is kept")
	assert.Equal(t, world.Suspended, w.Merchants["999000000000001"].Status)
	assert.Equal(t, "Corner shop", w.Merchants["999000000000001"].Name.EN)
	assert.Equal(t, world.IssuerUp, w.Issuers["down"].State)
	assert.Len(t, w.Cards, len(d.Cards)+1)

	assert.Equal(t, "card/mine", w.Cards["mine"].Account)
	assert.Equal(t, &world.Account{Alias: "card/mine", Balance: world.DefaultBalance * 100, Currency: world.CNY}, w.Accounts["card/mine"])
	assert.Equal(t, "merchant/M 1", w.Merchants["M 1"].Account)
	assert.Equal(t, &world.Account{Alias: "merchant/M 1", Currency: world.CNY}, w.Accounts["merchant/M 1"])
	assert.Equal(t, "天天便利店", w.Merchants["M 1"].Name.ZH)
	assert.Empty(t, w.Terminals["T2"].Merchant)

	assert.Equal(t, int64(10_000_000), world.Default().Accounts["good"].Balance, "the default itself is not changed")
}

func TestBaseNoneStartsFromNothing(t *testing.T) {
	w := load(t, `
base: none
acquirer: {currency: JPY}
cards: {a: {pan: "4111111111111111", balance: 300, limits: {single: "100"}}}
`)
	assert.Len(t, w.Cards, 1)
	assert.Empty(t, w.Merchants)
	assert.Equal(t, int64(300), w.Accounts["card/a"].Balance, "in the account's currency")
	assert.Equal(t, int64(100), w.Cards["a"].Limits.Single)
	assert.Equal(t, world.Default(), load(t, "base: default"))
	assert.Equal(t, world.Default(), load(t, ""))
}

func TestEveryKeyOfAFile(t *testing.T) {
	w := load(t, `
base: none
acquirer: {id: "123", name: both, currency: "840", hold_days: 7, base_key: "000102030405060708090A0B0C0D0E0F"}
issuers:
  bank: {id: "01020000", name: {en: Bank, zh: 银行}, bins: ["622200-622299", "95"], state: slow, delay: 1m30s, about: x}
accounts:
  a: {balance: "-1.50", held: "0.50", currency: KWD, frozen: true}
cards:
  c:
    pan: "6222000000000008"
    luhn: false
    expiry: "3012"
    pin: "123456789012"
    account: a
    status: lost
    pin_tries: 2
    limits: {single: "1.001", daily: "2", daily_count: 3}
    permitted: [sale, "void"]
    imk_ac: "0123 4567 89ab cdef 0123 4567 89AB CDEF"
    psn: "01"
    derivation: emv-csk
    about: {en: e, zh: z}
merchants:
  "1":
    name: n
    mcc: "5411"
    status: closed
    when_refused: silent
    account: a
    permitted: [sale]
    hours: {zone: Europe/Berlin, weekly: {sat-mon: ["22:00-02:00"], wed: []}, calendar: h, holiday: ["10:00-11:00"]}
terminals:
  "1": {merchant: "1", status: inactive, master_key: "000102030405060708090A0B0C0D0E0F", minimum_software: 7, about: x}
holidays:
  h: {name: n, days: {2026-10-01: {en: National Day}, 2026-10-02: }}
`)
	assert.Equal(t, world.Acquirer{ID: "123", Name: world.Bilingual{EN: "both", ZH: "both"}, Currency: world.USD, HoldDays: 7,
		BaseKey: []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}, w.Acquirer)
	assert.Equal(t, &world.Issuer{
		Alias: "bank", ID: "01020000", Name: world.Bilingual{EN: "Bank", ZH: "银行"}, State: world.IssuerSlow, Delay: 90 * time.Second,
		BINs: []world.BINRange{{From: "622200", To: "622299"}, {From: "95", To: "95"}}, About: world.Bilingual{EN: "x", ZH: "x"},
	}, w.Issuers["bank"])
	assert.Equal(t, &world.Account{Alias: "a", Balance: -1500, Held: 500, Currency: kwd, Frozen: true}, w.Accounts["a"])
	assert.Equal(t, &world.Card{
		Alias: "c", PAN: "6222000000000008", NoLuhn: true, Expiry: "3012", PIN: "123456789012", Account: "a", Status: world.CardIsLost,
		PINTries: 2, Limits: world.Limits{Single: 1001, Daily: 2000, DailyCount: 3}, Permitted: []world.TransactionType{world.Sale, world.Void},
		IMKAC: []byte{1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
		PSN:   "01", Derivation: world.DeriveEMVCSK, About: world.Bilingual{EN: "e", ZH: "z"},
	}, w.Cards["c"])
	m := w.Merchants["1"]
	assert.Equal(t, world.Closed, m.Status)
	assert.Equal(t, world.RefuseSilently, m.WhenRefused)
	assert.Equal(t, "Europe/Berlin", m.Hours.Zone.String())
	night := []world.Window{{From: 1320, To: 1560}}
	assert.Equal(t, map[time.Weekday][]world.Window{time.Saturday: night, time.Sunday: night, time.Monday: night}, m.Hours.Weekly)
	assert.Equal(t, []world.Window{{From: 600, To: 660}}, m.Hours.Holiday)
	assert.Equal(t, "h", m.Hours.Calendar)
	x := w.Terminals["1"]
	assert.Equal(t, world.TerminalStopped, x.Status)
	assert.Equal(t, byte(0x0f), x.MasterKey[15])
	assert.Equal(t, 7, x.MinimumSoftware)
	assert.Equal(t, map[string]world.Bilingual{"2026-10-01": {EN: "National Day"}, "2026-10-02": {}}, w.Holidays["h"].Days)
}

// Each file has one mistake; its report is what its author reads.
func TestLoadReportsMistakes(t *testing.T) {
	for src, want := range map[string]string{
		"crads: {}":                                                              "1:1: unknown key `crads` (did you mean `cards`?)",
		"base: nothing":                                                          "1:7: no base is called \"nothing\"; write default or none",
		"acquirer: {id: \"12a\"}":                                                "1:16: acquirer: the ID has up to 11 digits (DE 32)",
		"acquirer: {hold_days: 3651}":                                            "1:23: acquirer: hold_days is between 0 (the default of 30) and 3650",
		"acquirer: {currency: RMB}":                                              "1:22: no currency is called \"RMB\"; write its three digits if it is a rare one",
		"cards: {x: {}}":                                                         "1:12: card x: the `pan` is missing",
		"cards: {x: }":                                                           "1:11: card x: the `pan` is missing",
		"cards: {x: {pan: 4111111111111111}}":                                    "1:18: a text is wanted, but YAML reads an unquoted 4111111111111111 as a number (quote it: \"4111111111111111\")",
		"cards: {x: {pan: \"4111111111111112\"}}":                                "1:18: card x: the PAN's last digit is not its check digit (Luhn) (if it is meant to be so, write `luhn: false`)",
		"cards: {x: {pan: \"41111111111\"}}":                                     "1:18: card x: a PAN has 12 to 19 digits",
		"cards: {x: {pan: \"6200000000000005\"}}":                                "1:18: card x: card good has the same PAN",
		"cards: {goood: {pan: \"6200000000000005\"}}":                            "1:22: card goood: card good has the same PAN",
		"cards: {good: {expiry: \"1330\"}}":                                      "1:24: card good: the expiry is written YYMM, such as \"3012\" for December 2030",
		"cards: {good: {pin: \"123\"}}":                                          "1:21: card good: a PIN has 4 to 12 digits",
		"cards: {good: {pin: 9876}}":                                             "1:21: a PIN is written in quotes, such as \"1234\"",
		"cards: {good: {account: goood}}":                                        "1:25: card good: no account is called \"goood\" (did you mean `good`?)",
		"cards: {good: {balance: 1.001}}":                                        "1:25: \"1.001\" is not an amount in CNY: CNY has 2 decimals",
		"cards: {good: {status: broken}}":                                        "1:24: no card status is called \"broken\"; write ok, frozen, lost, stolen, restricted or expired",
		"cards: {good: {limits: {single: \"-1\"}}}":                              "1:24: card good: limits are not negative; 0 means none",
		"cards: {good: {pin_tries: 100}}":                                        "1:27: card good: pin_tries is between 0 (the default of 3) and 99",
		"cards: {good: {permitted: [buy]}}":                                      "1:28: no transaction type is called \"buy\"",
		"cards: {good: {imk_ac: \"0123\"}}":                                      "1:24: a key has 16 bytes, that is 32 hexadecimal digits, not 2 bytes",
		"cards: {good: {imk_ac: \"xyz\"}}":                                       "1:24: a key is written in hexadecimal digits, in whole bytes",
		"cards: {good: {psn: \"1\"}}":                                            "1:21: card good: the PAN sequence number has 2 digits, in quotes, such as \"01\"",
		"cards: {\"a b\": {pan: \"4012000033330026\"}}":                          "1:16: card a b: a name has 1 to 64 letters, digits and the signs - _ . /",
		"cards: {good: {balance: \"1\"}}\naccounts: {good: {balance: \"2\"}}":    "1:25: the balance of account good is given there as well",
		"cards: {lost: {balance: \"1\"}, stolen: {balance: \"2\"}}":              "1:49: the balance of account others is given with card lost as well",
		"accounts: {good: {currency: JPY}}":                                      "1:29: another currency needs its own `balance`",
		"accounts: {good: {held: \"-1\"}}":                                       "1:25: account good: what is held is not negative",
		"merchants: {\"1234567890123456\": {}}":                                  "1:33: merchant 1234567890123456: an ID has 1 to 15 printable ASCII characters (DE 42), without spaces at its ends",
		"merchants: {\"1 \": {}}":                                                "1:19: merchant 1 : an ID has 1 to 15 printable ASCII characters (DE 42), without spaces at its ends",
		"merchants: {a: {mcc: \"54\"}}":                                          "1:22: merchant a: the MCC has 4 digits, in quotes, such as \"5411\"",
		"merchants: {a: {mcc: 5411}}":                                            "1:22: a text is wanted, but YAML reads an unquoted 5411 as a number (quote it: \"5411\")",
		"merchants: {a: {account: gone}}":                                        "1:26: merchant a: no account is called \"gone\"",
		"merchants: {a: {name: \"x\\ty\"}}":                                      "1:23: merchant a: `name` has characters that cannot be printed",
		"merchants: {a: {hours: {weekly: {}}}}":                                  "1:24: opening hours need a `zone`, such as Asia/Shanghai",
		"merchants: {a: {hours: {zone: UTC}}}":                                   "1:24: opening hours need `weekly` windows, such as {mon-fri: [\"09:00-18:00\"]}",
		"merchants: {a: {hours: {zone: Local, weekly: {}}}}":                     "1:31: \"Local\" is not a time zone: write one such as Asia/Shanghai or UTC",
		"merchants: {a: {hours: {zone: Asia/Peking, weekly: {}}}}":               "1:31: no time zone is called \"Asia/Peking\"; they are called like Asia/Shanghai or UTC",
		"merchants: {a: {hours: {zone: UTC, weekly: {monday: []}}}}":             "1:45: \"monday\" names no weekday: write mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or daily",
		"merchants: {a: {hours: {zone: UTC, weekly: {mon-wed: [], tue: []}}}}":   "1:58: Tuesday is within `mon-wed` already",
		"merchants: {a: {hours: {zone: UTC, weekly: {mon: [\"9-17\"]}}}}":        "1:51: \"9-17\" is not a time window such as 09:00-18:00",
		"merchants: {a: {hours: {zone: UTC, weekly: {mon: [\"09:00-09:00\"]}}}}": "1:51: the window 09:00-09:00 is empty",
		"merchants: {a: {hours: {zone: UTC, weekly: {mon: [\"13:00-18:00\", \"09:00-12:00\"]}}}}":       "1:66: merchant a: the window 09:00-12:00 belongs before 13:00-18:00",
		"merchants: {a: {hours: {zone: UTC, weekly: {}, holiday: [\"09:00-13:00\", \"12:00-18:00\"]}}}": "1:73: merchant a: the window 12:00-18:00 overlaps 09:00-13:00",
		"merchants: {a: {hours: {zone: UTC, weekly: {}, calendar: de}}}":                                "1:58: merchant a: no holiday calendar is called \"de\"",
		"terminals: {\"10000001\": {merchant: X}}":                                                      "1:36: terminal 10000001: no merchant is called \"X\"",
		"terminals: {\"123456789\": {}}":                                                                "1:26: terminal 123456789: an ID has 1 to 8 printable ASCII characters (DE 41), without spaces at its ends",
		"terminals: {10000099: {}}":                                                                     "1:13: a text is wanted, but YAML reads an unquoted 10000099 as a number (quote it: \"10000099\")",
		"terminals: {a: {minimum_software: -1}}":                                                        "1:35: terminal a: minimum_software is not negative; 0 means any",
		"terminals: {a: {status: off}}":                                                                 "1:25: no terminal status is called \"off\"; write active, inactive, unregistered or signed-off",
		"terminals: {a: {master_key: 12}}":                                                              "1:29: a key is written in hexadecimal digits, in quotes",
		"issuers: {a: {}}":                                                                              "1:14: issuer a: an issuer needs `bins`, such as [\"622200-622299\"]",
		"issuers: {a: {bins: [\"12-3\"]}}":                                                              "1:22: \"12-3\" is not a range of card number prefixes such as 622200-622299: both have the same 1 to 12 digits",
		"issuers: {a: {bins: [\"13-12\"]}}":                                                             "1:22: the range 13-12 ends before it begins",
		"issuers: {zz: {bins: [\"60-63\"]}}":                                                            "1:23: issuer zz: the range 60-63 overlaps 62 of issuer unionpay",
		"issuers: {aa: {bins: [\"60-63\"]}}":                                                            "1:23: issuer aa: the range 60-63 overlaps 62 of issuer unionpay",
		"issuers: {visa: {state: slow}}":                                                                "1:25: issuer visa: a slow issuer needs a `delay`, such as 45s",
		"issuers: {visa: {delay: 2h}}":                                                                  "1:25: issuer visa: the delay is between 0 and 1h0m0s",
		"issuers: {visa: {delay: 5}}":                                                                   "1:25: a duration is wanted, not \"5\" (such as \"1.5s\" or \"300ms\")",
		"holidays: {cn: {days: {2026-02-30: x}}}":                                                       "1:24: calendar cn: \"2026-02-30\" is not a date such as 2026-10-01",
		"holidays: {cn: {days: {2026-02-03: \"\\a\"}}}":                                                 "1:36: calendar cn: the name of 2026-02-03 has characters that cannot be printed",
		"- a": "1:1: a mapping is wanted, not a list (the keys are accounts, acquirer, base, cards, chip_applications, holidays, issuers, merchants, parameters, public_keys, terminals)",
	} {
		t.Run(src, func(t *testing.T) {
			w, err := world.Load("w.yaml", []byte(src))
			assert.Nil(t, w)
			var all strictyaml.Problems
			require.ErrorAs(t, err, &all)
			assert.Equal(t, "w.yaml:"+want, all[0].Error())
			assert.Len(t, all, 1, "one mistake is reported once: %v", all)
		})
	}
}

func TestLoadReportsEveryMistake(t *testing.T) {
	_, err := world.Load("w.yaml", []byte(`cards:
  good: {pin: "12", expiry: 3012}
  bad: {pan: "4111111111111112", account: nobody}
terminals:
  T1: {merchant: "999000000000099"}
  T1: {}
`))
	var all strictyaml.Problems
	require.ErrorAs(t, err, &all)
	var got []string
	for _, p := range all {
		got = append(got, p.Error())
	}
	assert.Equal(t, []string{
		"w.yaml:2:15: card good: a PIN has 4 to 12 digits",
		"w.yaml:2:29: a text is wanted, but YAML reads an unquoted 3012 as a number (quote it: \"3012\")",
		"w.yaml:3:14: card bad: the PAN's last digit is not its check digit (Luhn) (if it is meant to be so, write `luhn: false`)",
		"w.yaml:3:43: card bad: no account is called \"nobody\"",
		"w.yaml:5:18: terminal T1: no merchant is called \"999000000000099\" (did you mean `999000000000009`?)",
		"w.yaml:6:3: the key `T1` is already there in line 5 (remove one of them)",
	}, got)
}

// A mistake is often shown to others; the keys and PINs in its line are not.
func TestMistakesHideKeysAndPINs(t *testing.T) {
	for _, src := range []string{
		`cards: {good: {pin: "98765432101234567", stauts: ok}}`,
		`cards: {good: {pin: 98765432, stauts: ok}}`,
		`cards: {good: {'pin': 9876543200, pin: 9876543200}}`,
		`cards: {good: {imk_ac: "98765432`,
		`terminals: {T1: {master_key: "98765432 98765432"}}`,
		`terminals: {T1: {master_key: 9876543298765432, x: 1}}`,
		`acquirer: {base_key: "98765432 98765432"}`,
	} {
		_, err := world.Load("w.yaml", []byte(src))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "98765432", src)
		assert.Contains(t, err.Error(), "********", src)
	}
}

func TestOverlayNodeReadsAPartOfAnotherFile(t *testing.T) {
	n, err := strictyaml.Parse("scenario.yaml", []byte("name: x\nworld:\n  cards: {good: {status: lost}}\n"))
	require.NoError(t, err)
	d := world.Default()
	w, err := d.OverlayNode(n.At("world"))
	require.NoError(t, err)
	assert.Equal(t, world.CardIsLost, w.Cards["good"].Status)
	assert.Equal(t, world.CardOK, d.Cards["good"].Status)

	n, err = strictyaml.Parse("scenario.yaml", []byte("world:\n  cards: {good: {pin: \"1\"}}\n"))
	require.NoError(t, err)
	_, err = d.OverlayNode(n.At("world"))
	require.ErrorContains(t, err, "scenario.yaml:2:23: card good: a PIN")
}

func TestCloneAndMergeShareNothing(t *testing.T) {
	a := world.Default()
	b := a.Clone()
	require.Equal(t, a, b)
	b.Merchants["999000000000007"].Hours.Weekly[time.Monday][0].From = 1
	b.Merchants["999000000000009"].Hours.Holiday[0].From = 1
	b.Merchants["999000000000010"].Permitted[0] = world.Void
	b.Terminals["10000013"].MasterKey[0] = 9
	keyed := world.New()
	keyed.Acquirer.BaseKey = make([]byte, 16)
	keyed.Clone().Acquirer.BaseKey[0] = 9
	require.Zero(t, keyed.Acquirer.BaseKey[0])
	b.Cards["chip"].IMKAC[0] = 9
	b.Cards["inquiry-only"].Permitted[0] = world.Void
	b.Issuers["visa"].BINs[0].From = "5"
	b.Holidays["cn"].Days["2026-12-24"] = world.Bilingual{}
	b.Accounts["good"].Balance = 1
	assert.Equal(t, world.Default(), a)

	var empty world.World
	empty.Merge(b)
	assert.Equal(t, b.Cards, empty.Cards)
	over := world.New()
	over.Cards["good"] = &world.Card{Alias: "good", PAN: "4000000000000002", Account: "good"}
	a.Merge(over)
	assert.Equal(t, over.Cards["good"], a.Cards["good"])
	assert.NotSame(t, over.Cards["good"], a.Cards["good"])
	require.ErrorContains(t, a.Validate(), "has the same PAN")
}

func TestValidateChecksWorldsMadeInGo(t *testing.T) {
	require.NoError(t, world.Default().Validate())
	require.NoError(t, world.New().Validate())
	for want, spoil := range map[string]func(*world.World){
		"acquirer: the currency is missing":     func(w *world.World) { w.Acquirer.Currency = 0 },
		"card x: is called \"\" in itself":      func(w *world.World) { w.Cards["x"] = &world.Card{PAN: "4012000033330026", Account: "good"} },
		"acquirer: a key has 16 bytes":          func(w *world.World) { w.Acquirer.BaseKey = []byte{1} },
		"card good: a key has 16 bytes":         func(w *world.World) { w.Cards["good"].IMKAC = []byte{1} },
		"terminal 10000001: a key has 16 bytes": func(w *world.World) { w.Terminals["10000001"].MasterKey = []byte{1} },
		"merchant 999000000000007: the window 10:00-09:00 is empty": func(w *world.World) {
			w.Merchants["999000000000007"].Hours.Weekly[time.Sunday] = []world.Window{{From: 600, To: 540}}
		},
		"account good: the currency is missing": func(w *world.World) { w.Accounts["good"].Currency = 1000 },
	} {
		w := world.Default()
		spoil(w)
		require.ErrorContains(t, w.Validate(), want)
		var all strictyaml.Problems
		require.True(t, errors.As(w.Validate(), &all))
		assert.Len(t, all, 1, strings.TrimSpace(all.Error()))
	}
}
