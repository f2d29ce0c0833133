"""The two forms of Cursor on Target: XML, and TAK protocol version 1 (protobuf). Bytes in, events out, and back."""
