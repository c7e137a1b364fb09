namespace ExchangeOnlineManagement.Native;

/// <summary>What a node of a tape is. The numbers belong to the native interface and never change.</summary>
internal enum NodeKind : byte
{
    Null = 1,
    Boolean = 2,
    Char = 3,
    Byte = 4,
    SByte = 5,
    Int16 = 6,
    UInt16 = 7,
    Int32 = 8,
    UInt32 = 9,
    Int64 = 10,
    UInt64 = 11,
    Single = 12,
    Double = 13,
    Decimal = 14,
    DateTime = 15,
    TimeSpan = 16,
    String = 17,
    Guid = 18,
    Uri = 19,
    Version = 20,
    XmlDocument = 21,
    ScriptBlock = 22,
    SecureString = 23,
    Bytes = 24,
    Progress = 25,

    Object = 32,
    Reference = 33,
    TypeNames = 34,
    TypeNamesReference = 35,
    TypeName = 36,
    ToString = 37,

    List = 40,
    Enumerable = 41,
    Stack = 42,
    Queue = 43,
    Dictionary = 44,
    Entry = 45,

    /// <summary>Adapted members, <c>&lt;Props&gt;</c>.</summary>
    Props = 48,
    /// <summary>Extended members, <c>&lt;MS&gt;</c>; with a name inside another, a member set.</summary>
    Members = 49,
}
