using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>Completes the values of parameters that are true or false, which PowerShell itself does for switches only.</summary>
public sealed class TruthCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach (string value in s_values)
        {
            if (value.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(value, value, CompletionResultType.ParameterValue, value);
            }
        }
    }

    private static readonly string[] s_values = { "$true", "$false" };
}
