namespace ExchangeOnlineManagement.Native;

/// <summary>What an event tells. The numbers are those of <c>EXO_EVENT_*</c> and never change.</summary>
internal enum EventKind : uint
{
    ConnectStep = 1,
    DeviceCode = 2,
    ConnectWarning = 3,
    Connected = 4,
    Browser = 5,
    SignRequest = 6,

    Output = 10,
    Error = 11,
    Warning = 12,
    Verbose = 13,
    Debug = 14,
    Information = 15,
    Progress = 16,
    HostCall = 17,

    Commands = 20,
    Values = 21,

    Finished = 30,
    InputEnded = 31,

    Line = 40,
    Broken = 41,
}

/// <summary>How an operation ended. The numbers are those of <c>EXO_STATE_*</c>, PowerShell's PSInvocationState.</summary>
internal enum FinishedState : uint
{
    Stopped = 3,
    Completed = 4,
    Failed = 5,
}
