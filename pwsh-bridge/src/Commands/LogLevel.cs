namespace ExchangeOnlineManagement.Commands;

/// <summary>Which commands the log of a connection has lines for.</summary>
public enum LogLevel
{
    /// <summary>Those that failed.</summary>
    Default,
    /// <summary>Every one.</summary>
    All,
}
