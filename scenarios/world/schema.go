package world

import (
	"reflect"

	"github.com/acqsim/acqsim/scenarios/schema"
)

// FileShape returns the shape of world files as a part of another schema.
func FileShape() schema.Object { return schema.Of(reflect.TypeFor[worldFile]()) }

// Schema returns the JSON Schema of world files.
func Schema() schema.Object { return schema.File("acqsim world", reflect.TypeFor[worldFile]()) }

// JSONSchema says that a bilingual text is {en: …, zh: …}, or one text.
func (Bilingual) JSONSchema() schema.Object {
	text := schema.Object{"type": "string"}
	return schema.OneOf(text, schema.Object{
		"type": "object", "additionalProperties": false,
		"properties": schema.Object{"en": text, "zh": text},
	})
}

// JSONSchema lists the names.
func (TransactionType) JSONSchema() schema.Object { return schema.Enum(transactionTypeNames[1:]) }

// JSONSchema lists the names.
func (Outcome) JSONSchema() schema.Object { return schema.Enum(outcomeNames[1:]) }

// JSONSchema lists the names.
func (MerchantStatus) JSONSchema() schema.Object { return schema.Enum(merchantStatusNames) }

// JSONSchema lists the names.
func (Refusal) JSONSchema() schema.Object { return schema.Enum(refusalNames) }

// JSONSchema lists the names.
func (CardStatus) JSONSchema() schema.Object { return schema.Enum(cardStatusNames) }

// JSONSchema lists the names.
func (KeyDerivation) JSONSchema() schema.Object { return schema.Enum(derivationNames) }

// JSONSchema lists the names.
func (IssuerState) JSONSchema() schema.Object { return schema.Enum(issuerStateNames) }

// JSONSchema lists the names.
func (Chore) JSONSchema() schema.Object { return schema.Enum(chores) }

// JSONSchema lists the names.
func (TerminalStatus) JSONSchema() schema.Object { return schema.Enum(terminalStatusNames) }

// JSONSchema is a key in hexadecimal.
func (keyFile) JSONSchema() schema.Object { return schema.Text(`^[0-9A-Fa-f ]+$`) }

// JSONSchema is a PIN.
func (secret) JSONSchema() schema.Object { return schema.Text(`^[0-9]{4,12}$`) }

// JSONSchema is the name of a time zone.
func (zoneFile) JSONSchema() schema.Object { return schema.Object{"type": "string"} }

// JSONSchema is a time of a day's clock to another.
func (Window) JSONSchema() schema.Object {
	return schema.Text(`^[0-9]{2}:[0-9]{2} *[-–] *[0-9]{2}:[0-9]{2}$`)
}
