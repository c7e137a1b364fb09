using System;
using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Threading;

namespace ExchangeOnlineManagement.Records;

/// <summary>Makes rows readable in runspaces that did not import the module, as in <c>ForEach-Object -Parallel</c>.</summary>
/// <remarks>
/// The types file says how to read a row, but only to the runspaces that imported the module; another one would find
/// no properties, and PowerShell would even remember that for all. Beside the types of a runspace PowerShell has a
/// table for the whole process, which holds its own adapters and which it lets nobody fill. Where a version of
/// PowerShell has no such table, a script has to import the module in such a runspace.
/// </remarks>
internal static class EveryRunspace
{
    /// <summary>Puts the adapter of the first row into the table of the process.</summary>
    internal static void Know(PSObject row)
    {
        if (Interlocked.Exchange(ref s_known, 1) != 0)
        {
            return;
        }
        object? table = typeof(PSObject).GetField("s_adapterMapping", BindingFlags.NonPublic | BindingFlags.Static)?.GetValue(null);
        object? adapter = typeof(PSObject).GetProperty("InternalAdapterSet", BindingFlags.NonPublic | BindingFlags.Instance)?.GetValue(row);
        if (table is IDictionary adapters && adapter is not null)
        {
            try
            {
                adapters[typeof(Row)] = adapter;
            }
            catch (ArgumentException)
            {
                // The table is of another form: this version of PowerShell does it in another way.
            }
        }
    }

    private static int s_known;
}
