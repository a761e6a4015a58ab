package crdt

// XMLFragment is a shared sequence of XML elements and texts.
type XMLFragment struct{ shared }

// XMLElement is an XML element: a node name, attributes, and children.
type XMLElement struct{ XMLFragment }

// XMLText is a text among XML nodes. It may have attributes, as an element has.
type XMLText struct{ Text }

// XMLHook is a map in the place of an XML node, for an editor to show as it likes.
type XMLHook struct{ Map }
