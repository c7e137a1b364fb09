# Cmdlets of the stand-in tenant. A client reads the declarations below and makes its own proxies;
# run as they stand, the functions only say so.

function Open-ServiceCall
{
    [CmdletBinding()]
    param($CmdletName, $Bound, [switch]$EnableBatchingStatus)
    return @{ CmdletName = $CmdletName; Batching = [bool]$EnableBatchingStatus; Items = [System.Collections.ArrayList]@() }
}

function Add-ServiceCall
{
    [CmdletBinding()]
    param($Call, $Bound)
    $null = $Call.Items.Add(@{} + $Bound)
}

function Close-ServiceCall
{
    [CmdletBinding()]
    param($Call)
    throw ('{0} is described here, not implemented: {1} call(s) were not sent.' -f $Call.CmdletName, $Call.Items.Count)
}

function Find-PipelineBinding
{
    [CmdletBinding()]
    param($Bound, $InputValue)
    foreach ($key in $Bound.Keys)
    {
        if ([object]::ReferenceEquals($Bound[$key], $InputValue))
        {
            $typeName = ''
            if ($null -ne $InputValue) { $typeName = [string]$InputValue.PSObject.TypeNames[0] }
            return @($key, $typeName)
        }
    }
    return @('', '')
}

