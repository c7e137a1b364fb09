namespace ExchangeOnlineManagement.Commands;

/// <summary>The clouds, by the names the original module has for them.</summary>
public enum ExchangeEnvironment
{
    /// <summary>Microsoft 365 worldwide and GCC.</summary>
    O365Default,
    /// <summary>Operated by 21Vianet.</summary>
    O365China,
    /// <summary>The German cloud, closed in 2021.</summary>
    O365GermanyCloud,
    /// <summary>GCC High.</summary>
    O365USGovGCCHigh,
    /// <summary>US Department of Defense.</summary>
    O365USGovDoD,
}
