package world

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// The shape of a world file. Pointers, nil slices and nil maps stand for what
// the file does not mention and therefore leaves as it is.
type worldFile struct {
	Base      *string                       `yaml:"base"`
	Acquirer  acquirerFile                  `yaml:"acquirer"`
	Issuers   strictyaml.Map[*issuerFile]   `yaml:"issuers"`
	Accounts  strictyaml.Map[*accountFile]  `yaml:"accounts"`
	Cards     strictyaml.Map[*cardFile]     `yaml:"cards"`
	Merchants strictyaml.Map[*merchantFile] `yaml:"merchants"`
	Terminals strictyaml.Map[*terminalFile] `yaml:"terminals"`
	Holidays  strictyaml.Map[*holidaysFile] `yaml:"holidays"`

	Parameters   strictyaml.Map[string]           `yaml:"parameters"`
	PublicKeys   strictyaml.Map[*publicKeyFile]   `yaml:"public_keys"`
	Applications strictyaml.Map[*applicationFile] `yaml:"chip_applications"`

	Place strictyaml.Node
}

type acquirerFile struct {
	ID       *string    `yaml:"id"`
	Name     *Bilingual `yaml:"name"`
	Currency *Currency  `yaml:"currency"`
	HoldDays *int       `yaml:"hold_days"`
	BaseKey  *keyFile   `yaml:"base_key"`
}

type issuerFile struct {
	ID    *string        `yaml:"id"`
	Name  *Bilingual     `yaml:"name"`
	BINs  []BINRange     `yaml:"bins"`
	State *IssuerState   `yaml:"state"`
	Delay *time.Duration `yaml:"delay"`
	About *Bilingual     `yaml:"about"`
}

type accountFile struct {
	Balance  *amountFile `yaml:"balance"`
	Held     *amountFile `yaml:"held"`
	Currency *Currency   `yaml:"currency"`
	Frozen   *bool       `yaml:"frozen"`
}

type cardFile struct {
	PAN        *string           `yaml:"pan"`
	Expiry     *string           `yaml:"expiry"`
	PIN        *secret           `yaml:"pin"`
	Account    *string           `yaml:"account"`
	Balance    *amountFile       `yaml:"balance"`
	Status     *CardStatus       `yaml:"status"`
	PINTries   *int              `yaml:"pin_tries"`
	Limits     *limitsFile       `yaml:"limits"`
	Permitted  []TransactionType `yaml:"permitted"`
	IMKAC      *keyFile          `yaml:"imk_ac"`
	PSN        *string           `yaml:"psn"`
	Derivation *KeyDerivation    `yaml:"derivation"`
	Luhn       *bool             `yaml:"luhn"`
	Cause      *string           `yaml:"cause"`
	About      *Bilingual        `yaml:"about"`
}

type limitsFile struct {
	Single     *amountFile `yaml:"single"`
	Daily      *amountFile `yaml:"daily"`
	DailyCount *int        `yaml:"daily_count"`
}

type merchantFile struct {
	Name        *Bilingual        `yaml:"name"`
	MCC         *string           `yaml:"mcc"`
	Status      *MerchantStatus   `yaml:"status"`
	WhenRefused *Refusal          `yaml:"when_refused"`
	Hours       *hoursFile        `yaml:"hours"`
	Permitted   []TransactionType `yaml:"permitted"`
	Account     *string           `yaml:"account"`
	About       *Bilingual        `yaml:"about"`
}

type hoursFile struct {
	Zone     *zoneFile                `yaml:"zone"`
	Weekly   strictyaml.Map[[]Window] `yaml:"weekly"`
	Calendar *string                  `yaml:"calendar"`
	Holiday  []Window                 `yaml:"holiday"`
	Place    strictyaml.Node
}

type terminalFile struct {
	Merchant        *string         `yaml:"merchant"`
	Status          *TerminalStatus `yaml:"status"`
	MasterKey       *keyFile        `yaml:"master_key"`
	MinimumSoftware *int            `yaml:"minimum_software"`
	Asked           *Chore          `yaml:"asked"`
	Cause           *string         `yaml:"cause"`
	About           *Bilingual      `yaml:"about"`
}

type holidaysFile struct {
	Name *Bilingual                 `yaml:"name"`
	Days strictyaml.Map[*Bilingual] `yaml:"days"`
}

// amountFile is an amount as written; its currency is known only later.
type amountFile string

func (a *amountFile) UnmarshalText(b []byte) error {
	*a = amountFile(b)
	return nil
}

// secret is a text that no message may repeat: a PIN.
type secret string

func (s *secret) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() != strictyaml.Text {
		return n.Errorf(`a PIN is written in quotes, such as "1234"`)
	}
	*s = secret(n.Text())
	return nil
}

// keyFile is a key of 16 bytes in hexadecimal, spaces allowed.
type keyFile []byte

// keyBytes is the length of a double-length DES key.
const keyBytes = 16

// UnmarshalNode says what is wrong without repeating any of the key.
func (k *keyFile) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() != strictyaml.Text {
		return n.Errorf("a key is written in hexadecimal digits, in quotes")
	}
	key, err := hex.DecodeString(strings.Join(strings.Fields(n.Text()), ""))
	if err != nil {
		return n.Errorf("a key is written in hexadecimal digits, in whole bytes")
	}
	if len(key) != keyBytes {
		return n.Errorf("a key has %d bytes, that is %d hexadecimal digits, not %d bytes", keyBytes, 2*keyBytes, len(key))
	}
	*k = key
	return nil
}

type zoneFile struct{ *time.Location }

func (z *zoneFile) UnmarshalText(b []byte) (err error) {
	z.Location, err = LoadZone(string(b))
	return err
}

// LoadZone returns a time zone by its name. It refuses "Local", which would make the world depend on the machine.
func LoadZone(s string) (*time.Location, error) {
	if s == "" || s == "Local" {
		return nil, fmt.Errorf("%q is not a time zone: write one such as Asia/Shanghai or UTC", s)
	}
	zone, err := time.LoadLocation(s)
	if err != nil {
		return nil, fmt.Errorf("no time zone is called %q; they are called like Asia/Shanghai or UTC", clip(s))
	}
	return zone, nil
}

// ParseBINRange reads "622200-622299" or a single prefix "622200".
func ParseBINRange(s string) (BINRange, error) {
	from, to, ranged := strings.Cut(s, "-")
	if !ranged {
		to = from
	}
	r := BINRange{From: from, To: to}
	return r, r.validate()
}

// maxBIN is more than the 8 digits of an issuer identification number
// (ISO/IEC 7812-1:2017), for ranges that single out a few cards.
const maxBIN = 12

func (r BINRange) validate() error {
	switch {
	case r.From == "" || !digits(r.From) || !digits(r.To) || len(r.From) != len(r.To) || len(r.From) > maxBIN:
		return fmt.Errorf("%q is not a range of card number prefixes such as 622200-622299: both have the same 1 to %d digits", clip(r.String()), maxBIN)
	case r.From > r.To:
		return fmt.Errorf("the range %s ends before it begins", r)
	}
	return nil
}

// UnmarshalText reads what ParseBINRange does.
func (r *BINRange) UnmarshalText(b []byte) (err error) {
	*r, err = ParseBINRange(string(b))
	return err
}
