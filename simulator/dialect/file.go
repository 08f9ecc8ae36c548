package dialect

import (
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/simulator/security"
)

// The shape of a dialect file. Keys that moov's spec format has mean what they
// mean there; the others are explained in dialects/README.md.

type dialectFile struct {
	Name        string                      `yaml:"name,required"`
	Title       bilingualFile               `yaml:"title"`
	Spec        specFile                    `yaml:"spec,required"`
	Frame       frameFile                   `yaml:"frame"`
	Variants    strictyaml.Map[variantFile] `yaml:"variants"`
	Conventions conventionsFile             `yaml:"conventions"`
	Codes       strictyaml.Map[codeFile]    `yaml:"codes"`
	Place       strictyaml.Node
}

// pathText is a field or a part of one, such as 60 or "60.2". As it reads the
// text as written, numbers need no quotes.
type pathText string

// UnmarshalText takes the text as it is; the compiler checks it.
func (p *pathText) UnmarshalText(b []byte) error {
	*p = pathText(b)
	return nil
}

type bilingualFile struct {
	EN string `yaml:"en"`
	ZH string `yaml:"zh"`
}

type specFile struct {
	Name   string                    `yaml:"name"`
	Fields strictyaml.Map[fieldFile] `yaml:"fields,required"`
	Place  strictyaml.Node
}

type fieldFile struct {
	Type              string                    `yaml:"type,required"`
	Length            int                       `yaml:"length"`
	Description       string                    `yaml:"description"`
	ZH                string                    `yaml:"zh"`
	Enc               string                    `yaml:"enc"`
	Prefix            string                    `yaml:"prefix,required"`
	Padding           *paddingFile              `yaml:"padding"`
	Tag               *tagFile                  `yaml:"tag"`
	Subfields         strictyaml.Map[fieldFile] `yaml:"subfields"`
	Bitmap            *fieldFile                `yaml:"bitmap"`
	DisableAutoExpand bool                      `yaml:"disableAutoExpand"`
	Parts             []partFile                `yaml:"parts"`
	Place             strictyaml.Node
}

type paddingFile struct {
	Type  string `yaml:"type,required"`
	Pad   string `yaml:"pad"`
	Place strictyaml.Node
}

type tagFile struct {
	Length              int          `yaml:"length"`
	Enc                 string       `yaml:"enc"`
	Padding             *paddingFile `yaml:"padding"`
	Sort                string       `yaml:"sort,required"`
	SkipUnknownTLVTags  bool         `yaml:"skipUnknownTLVTags"`
	StoreUnknownTLVTags bool         `yaml:"storeUnknownTLVTags"`
	PrefUnknownTLV      string       `yaml:"prefUnknownTLV"`
	Place               strictyaml.Node
}

type partFile struct {
	ID          string   `yaml:"id,required"`
	Length      int      `yaml:"length"`
	Description string   `yaml:"description"`
	ZH          string   `yaml:"zh"`
	Values      []string `yaml:"values"`
	Place       strictyaml.Node
}

type frameFile struct {
	Length         string     `yaml:"length"`
	CountsItself   bool       `yaml:"counts_itself"`
	ExcludesHeader bool       `yaml:"excludes_header"`
	TPDU           bool       `yaml:"tpdu"`
	Header         int        `yaml:"header"`
	SwapTPDU       *bool      `yaml:"swap_tpdu"`
	Expect         expectFile `yaml:"expect"`
	Place          strictyaml.Node
}

// codeFile is a response code, or one for each of some classes of messages.
type codeFile struct {
	code    string
	classes strictyaml.Map[string]
}

// UnmarshalNode reads a text or a mapping.
func (f *codeFile) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() == strictyaml.Mapping {
		return n.Decode(&f.classes)
	}
	return n.Decode(&f.code)
}

// variantFile is a frame and, where they are given, other encodings.
type variantFile struct {
	Charset        string     `yaml:"charset"`
	Numbers        string     `yaml:"numbers"`
	Length         string     `yaml:"length"`
	CountsItself   bool       `yaml:"counts_itself"`
	ExcludesHeader bool       `yaml:"excludes_header"`
	TPDU           bool       `yaml:"tpdu"`
	Header         int        `yaml:"header"`
	SwapTPDU       *bool      `yaml:"swap_tpdu"`
	Expect         expectFile `yaml:"expect"`
	Place          strictyaml.Node
}

func (v *variantFile) frame() frameFile {
	return frameFile{
		Length: v.Length, CountsItself: v.CountsItself, ExcludesHeader: v.ExcludesHeader,
		TPDU: v.TPDU, Header: v.Header, SwapTPDU: v.SwapTPDU, Expect: v.Expect, Place: v.Place,
	}
}

type expectFile struct {
	TPDU       []string `yaml:"tpdu"`
	Header     []string `yaml:"header"`
	Unexpected string   `yaml:"unexpected"`
	TooShort   string   `yaml:"too_short"`
	Place      strictyaml.Node
}

type conventionsFile struct {
	Charset           string                    `yaml:"charset"`
	Numbers           string                    `yaml:"numbers"`
	Transactions      []transactionFile         `yaml:"transactions"`
	Batch             pathText                  `yaml:"batch"`
	NetworkCode       []pathText                `yaml:"network_code"`
	Software          pathText                  `yaml:"software"`
	Originals         []originalFile            `yaml:"originals"`
	RememberUnmatched *bool                     `yaml:"remember_unmatched"`
	Reversals         reversalsFile             `yaml:"reversals"`
	Voids             voidsFile                 `yaml:"voids"`
	CompletionShare   *int                      `yaml:"completion_share"`
	Clock             string                    `yaml:"clock"`
	Duplicates        duplicatesFile            `yaml:"duplicates"`
	MAC               *macFile                  `yaml:"mac"`
	PIN               *pinFile                  `yaml:"pin"`
	Keys              *keysFile                 `yaml:"keys"`
	Chip              *chipFile                 `yaml:"chip"`
	Parameters        *parametersFile           `yaml:"parameters"`
	Balance           balanceFile               `yaml:"balance"`
	Batches           string                    `yaml:"batches"`
	Invoice           pathText                  `yaml:"invoice"`
	Settlement        *settlementFile           `yaml:"settlement"`
	Replies           strictyaml.Map[replyFile] `yaml:"replies"`
	Place             strictyaml.Node
}

type transactionFile struct {
	Is    string                   `yaml:"is,required"`
	MTI   []string                 `yaml:"mti,required"`
	When  strictyaml.Map[[]string] `yaml:"when"`
	Place strictyaml.Node
}

type originalFile struct {
	For   []string `yaml:"for,required"`
	STAN  pathText `yaml:"stan,required"`
	Batch pathText `yaml:"batch"`
	MTI   pathText `yaml:"mti"`
	Date  pathText `yaml:"date"`
	Place strictyaml.Node
}

type reversalsFile struct {
	Unmatched   string `yaml:"unmatched"`
	ClosedBatch string `yaml:"closed_batch"`
	OtherAmount string `yaml:"other_amount"`
	OfDeclined  string `yaml:"of_declined"`
	OfVoided    string `yaml:"of_voided"`
	OfRefunded  string `yaml:"of_refunded"`
	OfVoid      string `yaml:"of_void"`
	Place       strictyaml.Node
}

type voidsFile struct {
	OfVoided   string `yaml:"of_voided"`
	OfReversed string `yaml:"of_reversed"`
	OfDeclined string `yaml:"of_declined"`
	OfRefunded string `yaml:"of_refunded"`
	Place      strictyaml.Node
}

type duplicatesFile struct {
	Key    []pathText `yaml:"key"`
	Policy string     `yaml:"policy"`
	Place  strictyaml.Node
}

type macFile struct {
	Algorithm security.MACAlgorithm `yaml:"algorithm,required"`
	Field     int                   `yaml:"field,required"`
	Policy    security.MACPolicy    `yaml:"policy"`
	Place     strictyaml.Node
}

type pinFile struct {
	Format security.PINFormat `yaml:"format"`
	Field  int                `yaml:"field"`
	Place  strictyaml.Node
}

// keysFile is a key download (field, codes) or a method of its own: a mapping,
// or the method's name alone.
type keysFile struct {
	Method      string                 `yaml:"method"`
	Field       int                    `yaml:"field"`
	Codes       strictyaml.Map[string] `yaml:"codes"`
	KSN         pathText               `yaml:"ksn"`
	ReplyMAC    string                 `yaml:"reply_mac"`
	RepeatedKSN string                 `yaml:"repeated_ksn"`
	Place       strictyaml.Node
}

// UnmarshalNode reads `dukpt`, or all of it.
func (k *keysFile) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() == strictyaml.Text {
		k.Place, k.Method = n, n.Text()
		return nil
	}
	type plain keysFile
	return n.Decode((*plain)(k))
}

type chipFile struct {
	Field int `yaml:"field,required"`
	Place strictyaml.Node
}

type balanceFile struct {
	Account string   `yaml:"account"`
	Amounts []string `yaml:"amounts"`
	Place   strictyaml.Node
}

type replyFile struct {
	Echo  []pathText `yaml:"echo"`
	Host  []int      `yaml:"host"`
	Place strictyaml.Node
}

type settlementFile struct {
	Totals   *positionsFile `yaml:"totals"`
	Records  *positionsFile `yaml:"records"`
	Original *positionsFile `yaml:"original"`
	Count    *positionsFile `yaml:"count"`
	Place    strictyaml.Node
}

type positionsFile struct {
	Field   pathText                 `yaml:"field"`
	Counted int                      `yaml:"counted"`
	Pieces  []string                 `yaml:"pieces"`
	Fields  strictyaml.Map[pathText] `yaml:"fields"`
	Place   strictyaml.Node
}
