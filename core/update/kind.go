package update

// Kind says what a struct is: a placeholder, or an item with a kind of content.
// The numbers are part of the format.
// Source: yjs@13.6.33/src/structs/Item.js#contentRefs, GC.js, Skip.js.
type Kind byte

const (
	KindGC      Kind = 0  // ids whose items were collected
	KindDeleted Kind = 1  // an item whose content was deleted
	KindJSON    Kind = 2  // values as JSON text, of Yjs before 13
	KindBinary  Kind = 3  // one byte array
	KindString  Kind = 4  // text; its length counts UTF-16 units
	KindEmbed   Kind = 5  // one embedded object in text, as JSON
	KindFormat  Kind = 6  // one formatting mark in text: a key and a JSON value
	KindType    Kind = 7  // one shared type
	KindAny     Kind = 8  // values as lib0 Any
	KindDoc     Kind = 9  // one subdocument
	KindSkip    Kind = 10 // ids that the update does not have
)

var kindNames = [...]string{"GC", "Deleted", "JSON", "Binary", "String", "Embed", "Format", "Type", "Any", "Doc", "Skip"}

// String returns the name without its Content prefix, such as "String".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// TypeRef says which shared type an item of KindType is. The numbers are part
// of the format. Source: yjs@13.6.33/src/structs/ContentType.js.
type TypeRef uint64

const (
	TypeArray       TypeRef = 0
	TypeMap         TypeRef = 1
	TypeText        TypeRef = 2
	TypeXMLElement  TypeRef = 3 // its node name follows
	TypeXMLFragment TypeRef = 4
	TypeXMLHook     TypeRef = 5 // its hook name follows
	TypeXMLText     TypeRef = 6
)

var typeNames = [...]string{"YArray", "YMap", "YText", "YXmlElement", "YXmlFragment", "YXmlHook", "YXmlText"}

// String returns the name of the class in Yjs, such as "YText".
func (t TypeRef) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

func (t TypeRef) named() bool { return t == TypeXMLElement || t == TypeXMLHook }
